"""Counting a segment of five conditions beside the best SQL written by hand for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from django.db import connection
from django.utils import timezone
from django_scopes import scope

from bench.table import Line
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.segments.queries import count_segment

RULE = {
    "all": [
        {"field": "consent.newsletter.email", "op": "eq", "value": "granted"},
        {"field": "country", "op": "eq", "value": "FR"},
        {"field": "language", "op": "in", "value": ["fr", "de"]},
        {"field": "tags", "op": "has_any", "value": ["vip"]},
        {"field": "attributes.points", "op": "gte", "value": 2500},
    ]
}
BY_HAND = """
SELECT count(*) FROM subscribers_contact c
WHERE c.organisation_id = %s AND c.country = 'FR' AND c.language IN ('fr', 'de') AND c.tags && ARRAY['vip']::varchar[]
  AND (c.attributes ->> 'points')::numeric >= 2500
  AND EXISTS (SELECT 1 FROM consent_consentstate s
              WHERE s.organisation_id = c.organisation_id AND s.contact_id = c.id AND s.purpose_id = %s
                AND s.channel = 'email' AND s.status = 'granted' AND (s.expires_at IS NULL OR s.expires_at > now()))
"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure_segments(organisation: Organisation) -> list[Line]:
    """Five pairs in turn, the medians."""
    with scope(organisation=organisation), connection.cursor() as cursor:
        cursor.execute("ANALYZE subscribers_contact, consent_consentstate")
        purpose = Purpose.objects.get(key="newsletter").pk
        counts: list[int] = []

        def ours() -> None:
            counts.append(count_segment(RULE, organisation=organisation, now=timezone.now()))

        def by_hand() -> None:
            cursor.execute(BY_HAND, [organisation.pk, purpose])
            counts.append(cursor.fetchone()[0])

        ours(), by_hand()
        pairs = [(seconds(ours), seconds(by_hand)) for _time in range(7)]
    if len(set(counts)) != 1 or not counts[0]:
        message = f"the counts differ or are nothing: {set(counts)}"
        raise RuntimeError(message)
    took, limit = (median(side) for side in zip(*pairs, strict=True))
    return [
        Line(
            f"segment count, {counts[0]:,} people",
            f"{took * 1000:.0f} ms",
            f"SQL by hand {limit * 1000:.0f} ms",
            took / limit,
            1.5,
            lower_is_better=True,
        )
    ]
