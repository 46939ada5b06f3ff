"""What consent adds to the menu and to the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.audiences.models import Audience
from consent.ledger.queries import consents_in_force
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.jobs.names import register_job_name
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.seals.queries import stream_state
from portal.seals.streams import stream_named
from portal.ui.components import Text
from portal.ui.registry import DashboardCard, FirstStep, MenuEntry, register_card, register_menu, register_step


def seals_card(organisation: Organisation) -> dict[str, Any]:
    """How far the ledger is sealed, and what the last verification found."""
    return {"state": stream_state(stream_named("ledger"), organisation)}


def has_purposes(organisation: Organisation) -> bool:
    return Purpose.objects.filter(organisation=organisation).exists()


def has_audiences(organisation: Organisation) -> bool:
    return Audience.objects.filter(organisation=organisation).exists()


@dataclass(frozen=True)
class ConsentLine:
    """How many have agreed to one purpose on one channel."""

    purpose: Purpose
    channel: Text
    count: int


def consents_card(organisation: Organisation) -> dict[str, Any]:
    """Agreements by purpose and channel, the purposes nobody agreed to yet included; others need no agreement."""
    in_force = consents_in_force(organisation)
    lines = [
        ConsentLine(purpose, Channel(channel).label, in_force.counts.get(purpose.pk, {}).get(channel, 0))
        for purpose in Purpose.objects.filter(organisation=organisation, basis=Basis.CONSENT)
        for channel in purpose.channels
    ]
    return {"lines": lines, "as_of": in_force.counted_at if in_force.kept else None}


MENU = (
    MenuEntry(
        key="purposes",
        label=_("Purposes"),
        url_name="consent:purpose_list",
        icon="flag",
        capability=Capability.PURPOSES_VIEW,
        order=10,
        section="consent",
    ),
    MenuEntry(
        key="ledger",
        label=_("Ledger"),
        url_name="consent:event_list",
        icon="certificate",
        capability=Capability.CONSENTS_VIEW,
        order=20,
        section="consent",
    ),
    MenuEntry(
        key="seals",
        label=_("Seals"),
        url_name="consent:seal_list",
        icon="shield-check",
        capability=Capability.CONSENTS_VIEW,
        order=25,
        section="consent",
    ),
    MenuEntry(
        key="rates",
        label=_("Consent rate"),
        url_name="consent:rates",
        icon="chart-bar",
        capability=Capability.CONSENTS_VIEW,
        order=15,
        section="consent",
    ),
    MenuEntry(
        key="audiences",
        label=_("Audiences"),
        url_name="consent:audience_list",
        icon="users-group",
        capability=Capability.AUDIENCES_VIEW,
        order=30,
        section="consent",
    ),
)
STEPS = (
    FirstStep(
        key="purpose",
        title=_("New purpose"),
        text=_("Why you will write, and on what basis."),
        url_name="consent:purpose_create",
        capability=Capability.PURPOSES_EDIT,
        done=has_purposes,
        order=10,
    ),
    FirstStep(
        key="audience",
        title=_("New audience"),
        text=_("A segment passed through the gate, for a second person to approve."),
        url_name="consent:audience_create",
        capability=Capability.AUDIENCES_PREPARE,
        done=has_audiences,
        order=40,
    ),
)
CARDS = (
    DashboardCard(
        key="audiences",
        title=_("Waiting for approval"),
        template="consent/cards/waiting.html",
        query="consent.audiences.queries.waiting_card",
        capability=Capability.AUDIENCES_VIEW,
        order=15,
    ),
    DashboardCard(
        key="consents",
        title=_("Consents in force"),
        template="consent/cards/consents.html",
        query=consents_card,
        capability=Capability.CONSENTS_VIEW,
        order=20,
    ),
    DashboardCard(
        key="seals",
        title=_("The ledger's seals"),
        template="consent/cards/seals.html",
        query=seals_card,
        capability=Capability.CONSENTS_VIEW,
        order=25,
    ),
)


def register() -> None:
    register_job_name("consent.renewal.tasks.expire_consents", _("Expiry of consents"))
    for entry in MENU:
        register_menu(entry)
    for step in STEPS:
        register_step(step)
    for card in CARDS:
        register_card(card)
