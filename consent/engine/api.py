"""What the sending engine calls: which audiences, who is in them at this moment, and may I write to them now?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django_scopes import scopes_disabled
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from consent.audiences.models import Audience, AudienceState
from consent.engine import actions
from consent.engine.queries import (
    audience_for,
    engine_audiences,
    may_track,
    organisation_for,
    row_number,
    verdicts,
)
from consent.engine.recipients import HandOff, gzipped
from consent.purposes.queries import named_purpose
from portal.api.authentication import EngineCredential, EngineRequest
from portal.api.errors import InvalidCursorError
from portal.api.pages import Page, PageQuery, paginate

router = Router(tags=["engine"])

MOST_CHECKED = 10_000
GZIP = re.compile(r"(?:^|,)\s*(?:gzip|x-gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?=,|$)", re.IGNORECASE)


class EngineAudience(Schema):
    """``count`` is the snapshot's; the stream may give fewer, never more."""

    id: str
    organisation: str
    name: str
    purpose: str
    channel: str
    test: bool
    message_reference: str
    count: int
    approved_at: datetime
    expires_at: datetime


class RecipientsQuery(Schema):
    cursor: str | None = Field(None, description="The last contact received, or the `next_cursor` of the end line.")
    limit: int | None = Field(None, ge=1, description="Send at most so many recipients.")


class CheckIn(Schema):
    model_config = ConfigDict(extra="forbid")

    organisation: str
    purpose: str
    channel: str
    contacts: list[str | int] = Field(max_length=MOST_CHECKED)


class CheckOut(Schema):
    allowed: list[str]
    denied: dict[str, str]


class TrackingOut(Schema):
    allowed: bool


class Report(Schema):
    model_config = ConfigDict(extra="forbid")

    sent: int = Field(ge=0, le=10**12)
    failed: int = Field(0, ge=0, le=10**12)


class Completed(Schema):
    id: str
    state: str
    sent: int
    failed: int


def shown(audience: Audience) -> dict[str, Any]:
    return {
        "id": str(audience.pk),
        "organisation": audience.organisation.slug,
        "name": audience.name,
        "purpose": audience.purpose.key,
        "channel": audience.channel,
        "test": audience.test,
        "message_reference": audience.message_reference,
        "count": audience.counts.get("allowed", 0),
        "approved_at": audience.decided_at,
        "expires_at": audience.expires_at,
    }


@router.get("/audiences", response=Page[EngineAudience])
def listing(
    request: EngineRequest, page: Query[PageQuery], state: str = AudienceState.APPROVED.value
) -> dict[str, Any]:
    """Audiences to claim, across organisations; or this credential's own: `claimed`, `handed_off`, `completed`."""
    with scopes_disabled():
        return paginate(engine_audiences(request.engine, state, now=timezone.now()), request, item=shown)


@router.post("/audiences/{audience_id}/claim", response=EngineAudience)
def claim(request: EngineRequest, audience_id: str) -> dict[str, Any]:
    """Take it, once: 409 `already_claimed` ever after, 410 `audience_expired` when the approval is over."""
    audience = audience_for(request.engine, audience_id)
    with request.engine.entering(audience.organisation) as actor:
        return shown(actions.claim_audience(actor=actor, audience=audience))


@router.get("/audiences/{audience_id}/recipients", response={200: None})
def recipients(request: EngineRequest, audience_id: str, asked: Query[RecipientsQuery]) -> StreamingHttpResponse:
    """NDJSON in the order of contact ids, through the gate again; gzip where accepted.

    The last line has `"end": true`. A stream without it is incomplete: ask again with the last contact as `cursor`.
    """
    audience = audience_for(request.engine, audience_id)
    cursor = row_number(asked.cursor or "0")
    if cursor is None:
        raise InvalidCursorError
    with request.engine.entering(audience.organisation) as actor:
        actions.open_hand_off(actor=actor, audience=audience, now=timezone.now(), cursor=cursor)
    lines = in_scope(request.engine, HandOff(audience, actor, cursor, asked.limit))
    return streamed(lines, packed=accepts_gzip(request.headers.get("Accept-Encoding", "")))


def in_scope(credential: EngineCredential, hand_off: HandOff) -> Iterator[bytes]:
    """The stream in its organisation's scope, entered for each step: it may be abandoned between two."""
    steps = iter(hand_off)
    while True:
        with credential.entering(hand_off.audience.organisation):
            step = next(steps, None)
        if step is None:
            return
        yield step


def streamed(lines: Iterator[bytes], *, packed: bool) -> StreamingHttpResponse:
    response = StreamingHttpResponse(gzipped(lines) if packed else lines, content_type="application/x-ndjson")
    response["Vary"] = "Accept-Encoding"
    response["X-Accel-Buffering"] = "no"  # a proxy that stored the stream first would hide that it stopped
    if packed:
        response["Content-Encoding"] = "gzip"
    return response


def accepts_gzip(header: str) -> bool:
    return GZIP.search(header) is not None


@router.post("/check", response=CheckOut)
def check(request: EngineRequest, body: CheckIn) -> dict[str, Any]:
    """May each of these be written to now? Up to 10,000 ids; the first reason for each who may not."""
    organisation = organisation_for(request.engine, body.organisation)
    with request.engine.entering(organisation):
        purpose = named_purpose(organisation, body.purpose, "purpose")
        contacts = [str(contact) for contact in body.contacts]
        found = verdicts(request.engine, organisation, purpose, body.channel, contacts, now=timezone.now())
    return {"allowed": found.allowed, "denied": found.denied}


@router.get("/tracking/{token}", response=TrackingOut)
def tracking(request: EngineRequest, token: str) -> dict[str, Any]:
    """May the open of a message already sent be recorded, *now*? Asked when a pixel is fetched (B-09, B-11).

    `token` is the one in the message's `unsubscribe_url`. A withdrawal counts for what was sent before it. To a test
    credential nobody but the seed contacts may be tracked.
    """
    return {"allowed": may_track(request.engine, token, now=timezone.now())}


@router.post("/audiences/{audience_id}/complete", response=Completed)
def complete(request: EngineRequest, audience_id: str, body: Report) -> dict[str, Any]:
    """The engine's own count at the end; sending the same again is fine."""
    audience = audience_for(request.engine, audience_id)
    with request.engine.entering(audience.organisation) as actor:
        kept = actions.complete_audience(actor=actor, audience=audience, sent=body.sent, failed=body.failed)
    return {"id": str(kept.pk), "state": kept.state, **kept.completed}
