"""Rates of consent, read from the daily counts: what it costs depends on the days asked for, never on the events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import connection

from consent.collection.models import CollectionPoint
from consent.purposes.models import Purpose
from consent.rates import sql
from consent.rates.errors import InvalidPeriodError
from consent.rates.models import CountingState
from portal.organisations.models import Organisation

By = Literal["day", "week", "month"]
LONGEST = 3660
LONGEST_BY_DAY = 732


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers of people, not people: who is asked twice counts twice. Imports stand apart: they asked nobody."""

    agreements: int = 0
    refusals: int = 0
    unanswered: int = 0
    withdrawals: int = 0
    objections: int = 0
    imported: int = 0
    imported_stops: int = 0

    @property
    def answers(self) -> int:
        return self.agreements + self.refusals

    @property
    def asked(self) -> int:
        return self.answers + self.unanswered

    @property
    def stops(self) -> int:
        return self.withdrawals + self.objections

    @property
    def rate(self) -> float | None:
        """Agreements of a hundred that were asked; None where nobody was."""
        return share(self.agreements, self.asked)

    @property
    def rate_of_answers(self) -> float | None:
        return share(self.agreements, self.answers)

    @property
    def withdrawal_rate(self) -> float | None:
        """Withdrawals and objections for a hundred agreements of the same time; may be more than a hundred."""
        return share(self.stops, self.agreements)

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which days, in which steps, and what of them; ``other_ways`` is what came by no collection point."""

    first: date
    last: date
    by: By = "day"
    purpose: Purpose | None = None
    channel: str = ""
    point: CollectionPoint | None = None
    other_ways: bool = False

    def __post_init__(self) -> None:
        days = (self.last - self.first).days
        longest = LONGEST_BY_DAY if self.by == "day" else LONGEST
        if not (date(1900, 1, 1) <= self.first and self.last < date(9999, 1, 1) and 0 <= days <= longest):
            raise InvalidPeriodError

    def parameters(self, organisation: Organisation) -> dict[str, Any]:
        return {
            "organisation": organisation.pk,
            "first": self.first,
            "last": self.last,
            "by": self.by,
            "purpose": self.purpose.pk if self.purpose else None,
            "channel": self.channel or None,
            "point": self.point.pk if self.point else None,
            "other_ways": self.other_ways,
        }

    def begins(self) -> Iterator[date]:
        """The first day of each step; of the first step it may lie before the period."""
        begin = begin_of(self.first, self.by)
        while begin <= self.last:
            yield begin
            begin = next_begin(begin, self.by)


def begin_of(day: date, by: By) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def next_begin(day: date, by: By) -> date:
    if by == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if by == "week" else 1)


def step_for(first: date, last: date) -> By:
    """Steps that leave a chart readable."""
    days = (last - first).days
    if days <= 62:
        return "day"
    return "week" if days <= 400 else "month"


@dataclass
class Rates:
    """What was asked for: in all, by step of time, by purpose and channel, by collection point (None: other ways)."""

    total: Figures = field(default_factory=Figures)
    steps: dict[date, Figures] = field(default_factory=dict)
    topics: dict[tuple[int, str], Figures] = field(default_factory=dict)
    points: dict[int | None, Figures] = field(default_factory=dict)
    topic_steps: dict[tuple[int, str], dict[date, Figures]] = field(default_factory=dict)
    point_steps: dict[int | None, dict[date, Figures]] = field(default_factory=dict)


BY_STEP, BY_TOPIC, BY_POINT = 0b0111, 0b1001, 0b1110
BY_TOPIC_AND_STEP, BY_POINT_AND_STEP = 0b0001, 0b0110
# which columns a line of RATES is not about


def rates(organisation: Organisation, question: Question) -> Rates:
    """One query; steps without any answer are there, and empty."""
    found = Rates(steps={begin: Figures() for begin in question.begins()})
    with connection.cursor() as cursor:
        cursor.execute(sql.RATES, question.parameters(organisation))
        for grouping, begin, purpose, channel, point, *counts in cursor.fetchall():
            figures = Figures(*counts)
            if grouping == BY_STEP:
                found.steps[begin] = figures
                found.total += figures
            elif grouping == BY_TOPIC:
                found.topics[purpose, channel] = figures
            elif grouping == BY_POINT:
                found.points[point] = figures
            elif grouping == BY_TOPIC_AND_STEP:
                found.topic_steps.setdefault((purpose, channel), {})[begin] = figures
            elif grouping == BY_POINT_AND_STEP:
                found.point_steps.setdefault(point, {})[begin] = figures
    return found


def lines(organisation: Organisation, question: Question) -> Iterator[tuple[date, int, str, int | None, Figures]]:
    """Step, purpose, channel, collection point and their figures, each combination that has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LINES, question.parameters(organisation))
        for begin, purpose, channel, point, *counts in cursor.fetchall():
            yield begin, purpose, channel, point, Figures(*counts)


def counted_at() -> datetime | None:
    """When the counts were last brought up to date."""
    return CountingState.objects.values_list("counted_at", flat=True).first()
