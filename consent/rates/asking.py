"""What the address of the page asks for. Nonsense in it counts as not given, as in lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from django.http import QueryDict
from django.utils.dateparse import parse_date

from consent.collection.models import CollectionPoint
from consent.purposes.models import Purpose
from consent.rates.queries import By, Question, step_for
from portal.channels import Channel
from portal.organisations.models import Organisation

PERIODS = (30, 90, 365)
USUAL = 90
STEPS = ("day", "week", "month")
OTHER_WAYS = "-"  # no key of a collection point


@dataclass(frozen=True)
class Offered:
    """What can be filtered by; the names are needed for the tables anyway."""

    purposes: dict[int, Purpose]
    points: dict[int, CollectionPoint]


def offered(organisation: Organisation) -> Offered:
    purposes = Purpose.objects.filter(organisation=organisation).order_by("name", "key")
    points = CollectionPoint.objects.filter(organisation=organisation).only("key", "name").order_by("name", "key")
    return Offered({each.pk: each for each in purposes}, {each.pk: each for each in points})


def question_of(given: QueryDict, known: Offered, *, today: date) -> Question:
    """Raises ``invalid_period``."""
    first, last = period_of(given, today)
    by = given.get("by", "")
    channel, point = given.get("channel", ""), given.get("collection_point", "")
    return Question(
        first=first,
        last=last,
        by=cast("By", by) if by in STEPS else step_for(first, last),
        purpose=next((each for each in known.purposes.values() if each.key == given.get("purpose")), None),
        channel=channel if channel in Channel.values else "",
        point=next((each for each in known.points.values() if each.key == point), None),
        other_ways=point == OTHER_WAYS,
    )


def period_of(given: QueryDict, today: date) -> tuple[date, date]:
    """Between the days given; else so many days until today."""
    asked = given.get("period", "")
    days = int(asked) if asked in {str(each) for each in PERIODS} else USUAL
    last = day_of(given.get("to", "")) or today
    return day_of(given.get("from", "")) or last - timedelta(days=min(days, last.toordinal()) - 1), last


def day_of(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
