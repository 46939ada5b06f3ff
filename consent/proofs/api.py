"""Proofs over HTTP."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Router

from consent.ledger.queries import event_of
from consent.proofs.actions import take_proof
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.organisations.roles import Capability

router = Router(tags=["consents"])


@router.get("/consents/{event_id}/proof", response=dict[str, Any])
@requires(Capability.CONSENTS_VIEW)
def proof(request: ApiRequest, event_id: str) -> dict[str, Any]:
    """The proof file (`accord-proof/1`): the event, its path, its seal and those after it, the keys, the evidence.

    Whoever has it can check it offline. 409 `not_sealed_yet` with `Retry-After` while the event waits for its seal.
    """
    return take_proof(actor=request.actor, event=event_of(request.organisation, event_id), now=timezone.now())
