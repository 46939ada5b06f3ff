"""Rates of consent over HTTP."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from consent.purposes.queries import named_purpose
from consent.rates.asking import OTHER_WAYS, USUAL, Offered, offered
from consent.rates.errors import UnknownCollectionPointError
from consent.rates.queries import Figures, Question, counted_at, rates, step_for
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.organisations.roles import Capability

router = Router(tags=["consents"])


class FiguresOut(Schema):
    agreements: int
    refusals: int
    unanswered: int = Field(description="Asked, and did not answer.")
    withdrawals: int
    objections: int
    rate: float | None = Field(description="Agreements of a hundred that were asked; null where nobody was.")
    withdrawal_rate: float | None = Field(description="Withdrawals and objections for a hundred agreements.")
    imported: int = Field(description="Agreements that imports claim; they asked nobody and are in no rate.")
    imported_stops: int


class StepOut(FiguresOut):
    start: date


class TopicOut(FiguresOut):
    purpose: str
    channel: str


class PointOut(FiguresOut):
    collection_point: str | None = Field(description="Its key; null: other ways.")


class RatesOut(Schema):
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: str
    counted_at: datetime | None = Field(description="What was recorded a minute or two before is in.")
    total: FiguresOut
    items: list[StepOut] = Field(description="Every step, those without an answer too.")
    by_purpose: list[TopicOut]
    by_collection_point: list[PointOut]


class RatesQuery(Schema):
    first: date | None = Field(None, alias="from", description="The first day; 89 days before `to` when left out.")
    last: date | None = Field(None, alias="to", description="The last day; today when left out.")
    by: Literal["day", "week", "month"] | None = Field(None, description="What fits when left out.")
    purpose: str | None = Field(None, description="Its key.")
    channel: Literal["email", "sms", "push", "phone", "post"] | None = None
    collection_point: str | None = Field(None, description="Its key; `-` for what came by none.")


@router.get("/consents/rates", response=RatesOut, by_alias=True)
@requires(Capability.CONSENTS_VIEW)
def consent_rates(request: ApiRequest, wanted: Query[RatesQuery]) -> dict[str, Any]:
    """How many agreed of those who were asked, by day, week or month, counted from the ledger every minute."""
    known = offered(request.organisation)
    question = question_of(request, wanted, known)
    found = rates(request.organisation, question)
    points = {pk: point.key for pk, point in known.points.items()}
    return {
        "first": question.first,
        "last": question.last,
        "by": question.by,
        "counted_at": counted_at(),
        "total": out(found.total),
        "items": [{"start": begin, **out(figures)} for begin, figures in found.steps.items()],
        "by_purpose": [
            {"purpose": known.purposes[purpose].key, "channel": channel, **out(figures)}
            for (purpose, channel), figures in sorted(found.topics.items())
            if purpose in known.purposes
        ],
        "by_collection_point": [
            {"collection_point": points.get(point) if point is not None else None, **out(figures)}
            for point, figures in sorted(found.points.items(), key=lambda item: item[0] or 0)
        ],
    }


def question_of(request: ApiRequest, wanted: RatesQuery, known: Offered) -> Question:
    """Raises ``invalid_period``, ``unknown_purpose`` and ``unknown_collection_point``."""
    last = wanted.last or timezone.localdate(timezone=request.organisation.zone)
    first = wanted.first or last - timedelta(days=min(USUAL, last.toordinal()) - 1)
    purpose = None
    if wanted.purpose is not None:
        purpose = named_purpose(request.organisation, wanted.purpose, "query", "purpose")
    key, point = wanted.collection_point, None
    if key is not None and key != OTHER_WAYS:
        point = next((each for each in known.points.values() if each.key == key), None)
        if point is None:
            raise UnknownCollectionPointError
    return Question(
        first=first,
        last=last,
        by=wanted.by or step_for(first, last),
        purpose=purpose,
        channel=wanted.channel or "",
        point=point,
        other_ways=key == OTHER_WAYS,
    )


def out(figures: Figures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in FiguresOut.model_fields}
