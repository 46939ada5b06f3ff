"""Counting events by day beside the plain query for the same counts, and the page that reads them.

``python -m bench --only rates --rows 1000000`` measures this alone.
"""

from __future__ import annotations

from datetime import date
from statistics import median

from django.db import connection
from django.utils import timezone
from django_scopes import scope

from bench.ledger import write_events
from bench.segments import seconds
from bench.table import Line
from consent.purposes.models import Purpose
from consent.rates.counting import count_days, differences, events_counted
from consent.rates.queries import Question, rates
from portal.organisations.models import Organisation

# What anybody would write who needs the counts once.
PLAIN = """
SELECT (occurred_at AT TIME ZONE %(zone)s)::date, purpose_id, channel, collection_point_id, action, count(*)
FROM consent_consentevent WHERE organisation_id = %(organisation)s GROUP BY 1, 2, 3, 4, 5
"""
READINGS = 9


def measure_rates(organisation: Organisation, rows: int) -> list[Line]:
    """Fills a ledger of its own and counts it in one pass, as after a large import."""
    with scope(organisation=organisation):
        purpose = Purpose.objects.get(key="newsletter").pk
    count_days(now=timezone.now())  # what others have written before
    write_events(organisation.pk, purpose, 1, rows)
    counting = seconds(lambda: count_days(now=timezone.now()))
    plain = median(seconds(lambda: by_hand(organisation)) for _time in range(3))
    if differences(organisation) or events_counted(organisation)[1] != rows:
        message = "the counts are not what the events say"
        raise RuntimeError(message)
    reading = median(seconds(lambda: read(organisation)) for _time in range(READINGS))
    return [
        Line(
            f"count {rows:,} events by day",
            f"{rows / counting:,.0f}/s",
            f"GROUP BY by hand {rows / plain:,.0f}/s",
            plain / counting,
            0.3,
        ),
        Line(
            f"consent rates of {rows:,} events",
            f"{reading * 1000:.1f} ms",
            f"GROUP BY by hand {plain * 1000:,.0f} ms",
            reading / plain,
            0.2,
            lower_is_better=True,
        ),
    ]


def by_hand(organisation: Organisation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, {"organisation": organisation.pk, "zone": organisation.time_zone})
        cursor.fetchall()


def read(organisation: Organisation) -> None:
    with scope(organisation=organisation):
        rates(organisation, Question(first=date(2026, 1, 1), last=date(2026, 12, 31), by="week"))
