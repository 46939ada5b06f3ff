"""Handing out proofs: they hold personal data, so the audit log says who took one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from consent.ledger.models import ConsentEvent
from consent.proofs.building import proof_of
from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.roles import Capability


@transaction.atomic
def take_proof(*, actor: Actor, event: ConsentEvent, now: datetime) -> dict[str, Any]:
    """The proof file of an event, and an entry in the audit log; ``not_sealed_yet`` while it waits for its seal."""
    actor.require(Capability.CONSENTS_VIEW)
    found = proof_of(event)
    audit.record(
        actor=actor,
        action="consent.proof_taken",
        target_type="contact",
        target_id=event.contact_id,
        details={"event": event.pk, "seal": found["seal"]["number"]},
        at=now,
    )
    return found
