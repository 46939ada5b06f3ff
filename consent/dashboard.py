"""What consent adds to the menu and to the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.ledger.queries import consents_in_force
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.ui.components import Text
from portal.ui.registry import DashboardCard, MenuEntry, register_card, register_menu


def register() -> None:
    register_menu(
        MenuEntry(
            key="purposes",
            label=_("Purposes"),
            url_name="consent:purpose_list",
            icon="flag",
            capability=Capability.PURPOSES_VIEW,
            order=10,
            section="consent",
        )
    )
    register_menu(
        MenuEntry(
            key="ledger",
            label=_("Ledger"),
            url_name="consent:event_list",
            icon="certificate",
            capability=Capability.CONSENTS_VIEW,
            order=20,
            section="consent",
        )
    )
    register_menu(
        MenuEntry(
            key="audiences",
            label=_("Audiences"),
            url_name="consent:audience_list",
            icon="users-group",
            capability=Capability.AUDIENCES_VIEW,
            order=30,
            section="consent",
        )
    )
    register_card(
        DashboardCard(
            key="audiences",
            title=_("Waiting for approval"),
            template="consent/cards/waiting.html",
            query="consent.audiences.queries.waiting_card",
            capability=Capability.AUDIENCES_VIEW,
            order=15,
        )
    )
    register_card(
        DashboardCard(
            key="consents",
            title=_("Consents in force"),
            template="consent/cards/consents.html",
            query=consents_card,
            capability=Capability.CONSENTS_VIEW,
            order=20,
        )
    )


@dataclass(frozen=True)
class ConsentLine:
    """How many have agreed to one purpose on one channel."""

    purpose: Purpose
    channel: Text
    count: int


def consents_card(organisation: Organisation) -> dict[str, Any]:
    """Agreements by purpose and channel, the purposes nobody agreed to yet included."""
    counts = consents_in_force(organisation)
    lines = [
        ConsentLine(purpose, Channel(channel).label, counts.get(purpose.pk, {}).get(channel, 0))
        for purpose in Purpose.objects.filter(organisation=organisation)
        for channel in purpose.channels
    ]
    return {"lines": lines}
