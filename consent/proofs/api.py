"""Proofs over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from consent.ledger.queries import event_of
from consent.proofs.actions import ProofFile, export_proof, export_proofs, take_proof, take_proofs
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.organisations.roles import Capability
from subscribers.contacts.queries import contact_of

router = Router(tags=["consents"])


class ProofQuery(Schema):
    format: Literal["json", "pdf", "zip"] = Field(
        "json", description="The file itself, one page for people, or both with the program that checks it."
    )


class ProofsQuery(Schema):
    format: Literal["json", "zip"] = Field("json", description="A list of proofs, or a ZIP with all of them.")


class ProofsOut(Schema):
    contact: str
    items: list[dict[str, Any]] = Field(description="Proof files (`accord-proof/1`), the oldest event first.")
    next_cursor: None = None


@router.get("/consents/{event_id}/proof", response=dict[str, Any])
@requires(Capability.CONSENTS_VIEW)
def proof(request: ApiRequest, event_id: str, wanted: Query[ProofQuery]) -> dict[str, Any] | HttpResponse:
    """The proof file (`accord-proof/1`): the event, its path, its seal and those after it, the keys, the evidence.

    Whoever has it can check it offline. 409 `not_sealed_yet` with `Retry-After` while the event waits for its seal.
    """
    event, now = event_of(request.organisation, event_id), timezone.now()
    if wanted.format == "json":
        return take_proof(actor=request.actor, event=event, now=now)
    return as_file(
        export_proof(actor=request.actor, organisation=request.organisation, event=event, kind=wanted.format, now=now)
    )


@router.get("/contacts/{contact_id}/proofs", response=ProofsOut)
@requires(Capability.CONSENTS_VIEW)
def proofs(request: ApiRequest, contact_id: str, wanted: Query[ProofsQuery]) -> dict[str, Any] | HttpResponse:
    """Everything that proves what a person agreed to and has not taken back, for each purpose and channel.

    404 `no_proof` when there is nothing, 409 `not_sealed_yet` while one of the events waits for its seal.
    """
    contact, now = contact_of(request.organisation, contact_id), timezone.now()
    given: dict[str, Any] = {"actor": request.actor, "organisation": request.organisation, "contact_id": contact.pk}
    if wanted.format == "zip":
        return as_file(export_proofs(**given, now=now))
    return {"contact": str(contact.pk), "items": take_proofs(**given, now=now)}


def as_file(file: ProofFile) -> HttpResponse:
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["Cache-Control"] = "no-store"
    return response
