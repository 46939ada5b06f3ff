"""What consent adds to a person: a section of their page, a key in the API, entries of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.gate import GateAnswer, explain_each
from consent.ledger.models import ConsentState, Status
from consent.ledger.queries import agreed_as_child, renewal_due, standing_status
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.ui.components import Text
from subscribers.contacts.models import Contact
from subscribers.contacts.sections import ContactPart, ContactSection, register_part, register_section
from subscribers.timeline import register_timeline_source


def register() -> None:
    register_section(
        ContactSection(
            key="consents",
            title=_("Consents"),
            template="consent/contact_consents.html",
            query=consents_section,
            capability=Capability.CONSENTS_VIEW,
            order=10,
        )
    )
    register_part(ContactPart(key="consents", query="consent.ledger.queries.consents_of", missing=list))
    register_timeline_source("consent", "consent.ledger.queries.event_timeline")


@dataclass(frozen=True)
class PersonalStanding:
    """One line of the section: where the person stands, and what the gate says."""

    purpose: Purpose
    channel: str
    label: Text
    status: str
    state: ConsentState | None
    answer: GateAnswer
    may_stop: bool
    renewal_due: bool


def consents_section(organisation: Organisation, contact: Contact, now: datetime) -> dict[str, Any]:
    """Every purpose on every channel it uses; four queries, however many there are.

    ``as_child``: somebody agreed together with a parent, and may have what was given then erased even as an adult
    (K-04; GDPR art. 17(1)(f), recital 65).
    """
    purposes = Purpose.objects.filter(organisation=organisation)
    pairs = [(purpose, channel) for purpose in purposes for channel in purpose.channels]
    states = {
        (state.purpose_id, state.channel): state
        for state in ConsentState.objects.filter(organisation=organisation, contact=contact)
    }
    answers = explain_each(contact.pk, pairs, now=now)
    lines = [
        standing_line(purpose, channel, states.get((purpose.pk, channel)), answer, now)
        for (purpose, channel), answer in zip(pairs, answers, strict=True)
    ]
    agreed = any(line.status in {Status.GRANTED, Status.PAUSED} and line.state is not None for line in lines)
    return {"lines": lines, "agreed": agreed, "as_child": agreed_as_child(organisation, contact.pk)}


def standing_line(
    purpose: Purpose, channel: str, state: ConsentState | None, answer: GateAnswer, now: datetime
) -> PersonalStanding:
    status = standing_status(state, now) if state else Status.NONE
    return PersonalStanding(
        purpose=purpose,
        channel=channel,
        label=Channel(channel).label,
        status=status.value,
        state=state if status != Status.NONE else None,
        answer=answer,
        may_stop=status not in {Status.WITHDRAWN, Status.OBJECTED},
        renewal_due=state is not None and renewal_due(state, purpose, now),
    )
