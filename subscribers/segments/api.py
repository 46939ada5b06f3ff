"""Segments over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability
from subscribers.contacts.api import ContactOut
from subscribers.contacts.shaping import contacts_out
from subscribers.segments.actions import archive_segment, create_segment, update_segment
from subscribers.segments.models import Segment
from subscribers.segments.queries import preview_rule, segment_by_id

router = Router(tags=["segments"])

RULE = "`{all: [...]}`, `{any: [...]}`, `{not: rule}` or `{field, op, value}`; `{all: []}` is everybody."


class SegmentIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    rule: dict[str, Any] = Field(description=RULE)


class SegmentChanges(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    rule: dict[str, Any] | None = Field(None, description=RULE)


class RuleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    rule: dict[str, Any] = Field(description=RULE)


class SegmentOut(Schema):
    id: str
    name: str
    rule: dict[str, Any]
    count: int | None = Field(description="The last count, null when it was never counted or the rule has changed.")
    counted_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PreviewOut(Schema):
    count: int
    sample: list[ContactOut] = Field(description="Up to ten contacts, the newest first.")
    took_ms: int


def segment_out(segment: Segment) -> dict[str, Any]:
    return {
        "id": str(segment.pk),
        "name": segment.name,
        "rule": segment.rule,
        "count": segment.last_count,
        "counted_at": segment.counted_at,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
    }


@router.post("/segments/preview", response=PreviewOut)
@requires(Capability.SEGMENTS_VIEW)
def preview(request: ApiRequest, body: RuleIn) -> dict[str, Any]:
    """How many people a rule finds now, and ten of them; needs `contacts.view` too. 503 `preview_too_slow`."""
    request.actor.require(Capability.CONTACTS_VIEW)
    found = preview_rule(body.rule, organisation=request.organisation, now=timezone.now())
    return {"count": found.count, "sample": contacts_out(request.organisation, found.sample), "took_ms": found.took_ms}


@router.post("/segments", response={201: SegmentOut})
@requires(Capability.SEGMENTS_EDIT)
def create(request: ApiRequest, body: SegmentIn) -> Status[dict[str, Any]]:
    """Save a rule under a name. 422 `invalid_rule`: the `loc` of each error is its path in the rule."""
    return Status(201, segment_out(create_segment(actor=request.actor, name=body.name, rule=body.rule)))


@router.get("/segments", response=Page[SegmentOut])
@requires(Capability.SEGMENTS_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The segments, newest first."""
    segments = Segment.objects.filter(organisation=request.organisation, archived_at=None)
    return paginate(segments, request, "-id", item=segment_out)


@router.get("/segments/{segment_id}", response=SegmentOut)
@requires(Capability.SEGMENTS_VIEW)
def detail(request: ApiRequest, segment_id: str) -> dict[str, Any]:
    return segment_out(segment_by_id(request.organisation, segment_id))


@router.patch("/segments/{segment_id}", response=SegmentOut)
@requires(Capability.SEGMENTS_EDIT)
def change(request: ApiRequest, segment_id: str, body: SegmentChanges) -> dict[str, Any]:
    """Change what is sent and leave the rest."""
    segment = segment_by_id(request.organisation, segment_id)
    return segment_out(update_segment(actor=request.actor, segment=segment, name=body.name, rule=body.rule))


@router.delete("/segments/{segment_id}", response={204: None})
@requires(Capability.SEGMENTS_EDIT)
def archive(request: ApiRequest, segment_id: str) -> Status[None]:
    """Take a segment out of use; 409 `segment_in_use` while an audience being prepared, or another segment, uses it."""
    archive_segment(actor=request.actor, segment=segment_by_id(request.organisation, segment_id))
    return Status(204, None)
