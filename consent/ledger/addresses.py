"""A new address is not a confirmed one: whoever gets one confirms again where the purpose asks for it (C-09)."""

from __future__ import annotations

from typing import Any

from django.db import connection

from consent.ledger import sql
from consent.ledger.models import Action, EventSource
from consent.ledger.recording import Choice, record_events
from subscribers.contacts.changes import AddressChange, register_address_change


def register() -> None:
    register_address_change("confirmations", reset_confirmations)


def reset_confirmations(change: AddressChange) -> None:
    """Set agreements on these channels back to unconfirmed; runs in the transaction of the change.

    The events and proofs about the old address stay as they are. Two statements, for one contact or a chunk of a file.
    """
    choices = [
        Choice(
            contact_id=contact_id,
            purpose_id=purpose_id,
            channel=channel,
            action=Action.RESET,
            occurred_at=change.at,
            source=EventSource.SYSTEM,
            source_reference=change.actor.reference[:60],
            evidence={
                "kind": "address_changed",
                "reason": "The address on this channel is another one, and nobody has confirmed it yet.",
                "changed_by": change.actor.reference,
                "confirmed_by_event": str(event_id),
            },
        )
        for contact_id, purpose_id, channel, event_id in confirmed(change)
    ]
    if choices:
        record_events(change.organisation, choices, now=change.at)


def confirmed(change: AddressChange) -> list[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "organisation": change.organisation.pk,
        "contacts": list(change.contact_ids),
        "channels": sorted(change.channels),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.CONFIRMED_STATES, parameters)
        return list(cursor.fetchall())
