"""Where people stood at any past moment, by the events alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.ledger.models import ConsentEvent, Status
from consent.ledger.queries import standing_status
from consent.ledger.rebuilding import Stood
from consent.ledger.states import held_imports, standings
from consent.ledger.terms import terms_of
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.ui.components import Text

COLUMNS = (
    "contact_id",
    "purpose_id",
    "channel",
    "id",
    "action",
    "occurred_at",
    "source",
    "source_reference",
    "paused_until",
    "purpose_version",
)


@dataclass(frozen=True)
class PastStanding:
    """Where a person stood for one purpose and channel, with what ran out by itself until then."""

    purpose: Purpose
    channel: str
    status: Status
    stood: Stood

    @property
    def label(self) -> Text:
        return Channel(self.channel).label


def standing_as_of(
    organisation: Organisation, contact_id: int, at: datetime, *, known_at: datetime | None = None
) -> list[PastStanding]:
    """Every purpose and channel the person had said anything about by then; four statements. Index: events_by_contact.

    ``at`` is compared with when the person chose, and everything known today counts: a withdrawal that was reported
    late counts from its own date. With ``known_at`` only what had been recorded by then does, which is what the gate
    went by.
    """
    events = ConsentEvent.objects.filter(organisation=organisation, contact_id=contact_id, occurred_at__lte=at)
    if known_at is not None:
        events = events.filter(recorded_at__lte=known_at)
    rows = list(events.order_by("id").values_list(*COLUMNS))
    found = standings(rows, terms_of(organisation.pk), held_imports(organisation.pk)) if rows else {}
    purposes = Purpose.objects.filter(organisation=organisation).in_bulk([place[1] for place in found])
    return [
        PastStanding(purposes[purpose_id], channel, standing_status(stood.standing, at), stood)
        for (_contact, purpose_id, channel), stood in sorted(found.items())
        if stood.standing.status != Status.NONE
    ]
