"""The suppression list over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from django.http import FileResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, ValidationError

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.ndjson import answer_lines, chunks, is_ndjson
from portal.api.pages import Page, PageQuery, paginate
from portal.api.parsing import read_json
from portal.api.problems import field_problems
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.roles import Capability
from subscribers.suppression.actions import remove_suppression, suppress_entries
from subscribers.suppression.models import Suppression, SuppressionReason
from subscribers.suppression.queries import entries_of_address, suppression_of, suppressions
from subscribers.suppression.recording import Entry, Outcome
from subscribers.suppression.rules import REACHED_BY

router = Router(tags=["suppressions"])

LINES_AT_ONCE = 10_000
Reason = Literal["objection", "complaint", "bounce", "erasure", "imported", "manual"]


class SuppressionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    address: str = ""
    hash: str = Field("", description="In hexadecimal, of the address in small letters or the phone in E.164.")
    hash_type: Literal["", "sha256", "md5"] = ""
    channel: Literal["email", "sms", "phone"] = "email"
    reason: Reason = "manual"


class SuppressionOut(Schema):
    id: str
    channel: str
    reason: str
    hash_type: str
    contact: str | None = Field(description="The contact who has this address, if there is one.")
    created_at: datetime


class SuppressionQuery(PageQuery):
    address: str | None = Field(None, description="Is this address on the list?")
    channel: str | None = None
    reason: str | None = None


BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SuppressionIn.model_json_schema()},
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"address": "a@example.org", "channel": "email", "reason": "objection"}\n',
            },
        },
    }
}


def suppression_out(row: Suppression) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "channel": row.channel,
        "reason": row.reason,
        "hash_type": row.hash_type,
        "contact": str(row.contact_id) if row.contact_id else None,
        "created_at": row.created_at,
    }


@router.post("/suppressions", response={200: SuppressionOut, 201: SuppressionOut}, openapi_extra=BODIES)
@requires(Capability.SUPPRESSIONS_EDIT)
def add(request: ApiRequest) -> Status[dict[str, Any]] | FileResponse:
    """Suppress one address or hash: 201, or 200 when it is listed already. It creates no contact.

    NDJSON (`application/x-ndjson`) suppresses many, answered line by line: `{line, id}` or `{line, code, detail}`.
    """
    if is_ndjson(request):
        return answer_lines(answers(request))
    entry = entry_of(read_json(request.body))
    if isinstance(entry, FieldProblem):
        raise InvalidInputError(errors=[entry])
    outcome = suppress_entries(actor=request.actor, organisation=request.organisation, entries=[entry])[0]
    if outcome.id is None:
        raise InvalidInputError(errors=[outcome.problem] if outcome.problem else [])
    return Status(201 if outcome.created else 200, suppression_out(suppression_of(outcome.id)))


def entry_of(body: Any) -> Entry | FieldProblem:
    try:
        return Entry(**SuppressionIn.model_validate(body).model_dump())
    except ValidationError as error:
        return field_problems(error.errors())[0]  # type: ignore[arg-type]


def answers(request: ApiRequest) -> Iterator[dict[str, Any]]:
    """One answer a line; ten thousand lines are one short transaction."""
    for chunk in chunks(request, LINES_AT_ONCE):
        read = [(number, entry_of(body) if isinstance(body, dict) else body) for number, body in chunk]
        entries = [entry for _number, entry in read if isinstance(entry, Entry)]
        outcomes = iter(suppress_entries(actor=request.actor, organisation=request.organisation, entries=entries))
        for number, entry in read:
            outcome = next(outcomes) if isinstance(entry, Entry) else Outcome(problem=entry)
            yield {"line": number, **answer(outcome)}


def answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.problem is not None:
        return {"code": outcome.problem.code, "detail": str(outcome.problem.detail)}
    return {"id": str(outcome.id)}


@router.get("/suppressions", response=Page[SuppressionOut])
@requires(Capability.SUPPRESSIONS_VIEW)
def listing(request: ApiRequest, wanted: Query[SuppressionQuery]) -> dict[str, Any]:
    """The list, newest first. It holds no address: ask for one, and the answer is its entries."""
    if wanted.channel and wanted.channel not in REACHED_BY:
        raise InvalidInputError.at("channel", code="invalid_value", detail="email, sms or phone")
    if wanted.reason and wanted.reason not in SuppressionReason.values:
        raise InvalidInputError.at("reason", code="invalid_value", detail=", ".join(SuppressionReason.values))
    if wanted.address:
        channels = [wanted.channel] if wanted.channel else list(REACHED_BY)
        found = entries_of_address(request.organisation, wanted.address, channels)
    else:
        found = suppressions(channel=wanted.channel or "", reason=wanted.reason or "")
    return paginate(found, request, "-id", item=suppression_out)


@router.delete("/suppressions/{suppression_id}", response={204: None})
@requires(Capability.SUPPRESSIONS_EDIT)
def remove(request: ApiRequest, suppression_id: str) -> Status[None]:
    """Take an entry off the list: only by the person's own fresh and proved wish. The audit log keeps who did it."""
    remove_suppression(actor=request.actor, suppression=suppression_of(suppression_id))
    return Status(204, None)
