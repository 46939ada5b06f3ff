"""The last counts of segments, kept for lists: a cache beside the rule, so nothing here is audited."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from portal.organisations.models import Organisation
from subscribers.segments.errors import PreviewTooSlowError
from subscribers.segments.models import Segment
from subscribers.segments.queries import count_segment, time_limit

COUNT_SECONDS = 5.0


def remember_count(segment: Segment, *, organisation: Organisation, now: datetime | None = None) -> int | None:
    """Count a segment and keep the number; None when that takes too long."""
    at = now or timezone.now()
    try:
        with time_limit(COUNT_SECONDS):
            count = count_segment(segment.rule, organisation=organisation, now=at)
    except PreviewTooSlowError:
        return None
    keep_count(segment, count=count, now=at)
    return count


def keep_count(segment: Segment, *, count: int, now: datetime) -> None:
    """Keep a number just counted, unless the segment has changed meanwhile."""
    unchanged = Segment.objects.filter(pk=segment.pk, updated_at=segment.updated_at)
    unchanged.update(last_count=count, counted_at=now)
