"""Audiences over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from consent.audiences import actions
from consent.audiences.actions import AudienceDraft
from consent.audiences.models import Audience
from consent.audiences.queries import audiences, find_audience
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability

router = Router(tags=["audiences"])


class AudienceIn(Schema):
    """``fields``: what the message needs of each person: fields of contacts, or ``attributes.<key>``."""

    model_config = ConfigDict(extra="forbid")

    name: str
    segment: str | int
    purpose: str
    channel: str
    fields: list[str] = Field([], max_length=100)
    test: bool = False
    message_reference: str = ""


class Decision(Schema):
    model_config = ConfigDict(extra="forbid")

    comment: str = Field("", max_length=2000)


class Refusal(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=2000)


class Counts(Schema):
    segment: int
    allowed: int
    excluded: dict[str, int]


class HandedOff(Schema):
    sent: int
    skipped: dict[str, int]


class AudienceOut(Schema):
    """``counts`` is null until the snapshot is taken; ``approved_by`` only names who approved, not who refused."""

    id: str
    name: str
    state: str
    segment: str
    purpose: str
    channel: str
    fields: list[str]
    test: bool
    message_reference: str
    counts: Counts | None
    created_by: str | None
    created_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    rejected_by: str | None
    decision_note: str
    expires_at: datetime | None
    claimed_at: datetime | None
    handed_off: HandedOff | None
    completed: dict[str, int] | None


def shown(audience: Audience) -> dict[str, Any]:
    """An audience as the API shows it; people are named by their address as members."""
    approved = audience.expires_at is not None
    decided_by = audience.decided_by.email if audience.decided_by else None
    return {
        "id": str(audience.pk),
        "name": audience.name,
        "state": audience.state,
        "segment": str(audience.segment_id),
        "purpose": audience.purpose.key,
        "channel": audience.channel,
        "fields": audience.fields,
        "test": audience.test,
        "message_reference": audience.message_reference,
        "counts": audience.counts or None,
        "created_by": audience.created_by.email if audience.created_by else None,
        "created_at": audience.created_at,
        "submitted_by": audience.submitted_by.email if audience.submitted_by else None,
        "submitted_at": audience.submitted_at,
        "approved_by": decided_by if approved else None,
        "approved_at": audience.decided_at if approved else None,
        "rejected_by": None if approved else decided_by,
        "decision_note": audience.decision_note,
        "expires_at": audience.expires_at,
        "claimed_at": audience.claimed_at,
        "handed_off": audience.handed_off or None,
        "completed": audience.completed or None,
    }


@router.post("/audiences", response={201: AudienceOut})
@requires(Capability.AUDIENCES_PREPARE)
def create(request: ApiRequest, body: AudienceIn) -> Status[dict[str, Any]]:
    """A draft: a segment, to be passed through the gate for one purpose and channel."""
    given = body.model_dump()
    draft = AudienceDraft(**{**given, "segment": str(given["segment"])})
    audience = actions.create_audience(actor=request.actor, organisation=request.organisation, draft=draft)
    return Status(201, shown(audience_again(request, audience)))


@router.get("/audiences", response=Page[AudienceOut])
@requires(Capability.AUDIENCES_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery], state: str = "") -> dict[str, Any]:
    """Newest first; `?state=` for one state."""
    found = audiences(request.organisation)
    if state:
        found = found.filter(state=state)
    return paginate(found, request, "-id", item=shown)


@router.get("/audiences/{audience_id}", response=AudienceOut)
@requires(Capability.AUDIENCES_VIEW)
def detail(request: ApiRequest, audience_id: str) -> dict[str, Any]:
    return shown(find_audience(request.organisation, audience_id))


@router.post("/audiences/{audience_id}/submit", response=AudienceOut)
@requires(Capability.AUDIENCES_PREPARE)
def submit(request: ApiRequest, audience_id: str) -> dict[str, Any]:
    """Freeze the rule, take the snapshot, ask for approval.

    Up to a million contacts in the organisation the answer has the counts; beyond, a job takes the snapshot,
    `counts` is null until it is done, and approving answers 409 `snapshot_pending`.
    """
    audience = find_audience(request.organisation, audience_id)
    return shown(audience_again(request, actions.submit_audience(actor=request.actor, audience=audience)))


@router.post("/audiences/{audience_id}/approve", response=AudienceOut)
@requires(Capability.AUDIENCES_VIEW)
def approve(request: ApiRequest, audience_id: str, body: Decision | None = None) -> dict[str, Any]:
    """By somebody else than who made or submitted it (403 `four_eyes`), with the scope `audiences.approve`."""
    audience = find_audience(request.organisation, audience_id)
    comment = body.comment if body else ""
    return shown(
        audience_again(request, actions.approve_audience(actor=request.actor, audience=audience, comment=comment))
    )


@router.post("/audiences/{audience_id}/reject", response=AudienceOut)
@requires(Capability.AUDIENCES_VIEW)
def reject(request: ApiRequest, audience_id: str, body: Refusal | None = None) -> dict[str, Any]:
    """With a reason, by somebody else than who made or submitted it, with the scope `audiences.approve`."""
    audience = find_audience(request.organisation, audience_id)
    reason = body.reason if body else ""
    return shown(
        audience_again(request, actions.reject_audience(actor=request.actor, audience=audience, reason=reason))
    )


@router.post("/audiences/{audience_id}/cancel", response=AudienceOut)
@requires(Capability.AUDIENCES_PREPARE)
def cancel(request: ApiRequest, audience_id: str) -> dict[str, Any]:
    """Take it back, as long as the engine has not claimed it."""
    audience = find_audience(request.organisation, audience_id)
    return shown(audience_again(request, actions.cancel_audience(actor=request.actor, audience=audience)))


def audience_again(request: ApiRequest, audience: Audience) -> Audience:
    """The row as a read gives it, with the people it names."""
    return find_audience(request.organisation, audience.pk)
