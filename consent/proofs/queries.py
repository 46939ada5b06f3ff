"""Which events prove where a person stands."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from consent.ledger.models import Action, ConsentEvent, ConsentState, Status
from consent.ledger.queries import STOPS, events_of, standing_status
from portal.organisations.models import Organisation

IN_FORCE = frozenset({Status.GRANTED, Status.PAUSED})
AGREEING = frozenset({Action.GRANT.value, Action.CONFIRM.value})
ENDING = frozenset({action.value for action in (*STOPS, Action.REVERT)})
MOST = 100
Place = tuple[int, str]


def events_in_force(organisation: Organisation, contact_id: int) -> list[ConsentEvent]:
    """The events that every agreement in force rests on, the oldest first: each yes since the last no, and its
    confirmation. Indexes: the state's primary key, events_by_contact.
    """
    now = timezone.now()
    states = ConsentState.objects.filter(organisation=organisation, contact_id=contact_id)
    standing: dict[Place, int] = {
        (state.purpose_id, state.channel): state.event_id for state in states if standing_status(state, now) in IN_FORCE
    }
    if not standing:
        return []
    events = events_of(organisation).filter(contact_id=contact_id).order_by("pk")
    return resting_on(list(events), standing)


def resting_on(events: Sequence[ConsentEvent], standing: dict[Place, int]) -> list[ConsentEvent]:
    """Of these events, oldest first, those that the standings rest on; at most :data:`MOST`, the newest."""
    found: dict[Place, list[ConsentEvent]] = {place: [] for place in standing}
    for event in events:
        place = (event.purpose_id, event.channel)
        if place not in found:
            continue
        if event.action in ENDING:
            found[place].clear()
        elif event.action in AGREEING or event.pk == standing[place]:
            found[place].append(event)
    return sorted((event for kept in found.values() for event in kept), key=lambda event: event.pk)[-MOST:]
