"""Who uses a segment: what keeps it from being archived. Apps above this one add theirs when they start."""

from __future__ import annotations

from collections.abc import Callable

from subscribers.segments.models import Segment
from subscribers.segments.rules import segment_ids

Use = Callable[[Segment], list[str]]
_uses: dict[str, Use] = {}


def register_use(use: Use) -> None:
    """Ask this too, before a segment goes: it gives the names of what still uses it."""
    _uses[f"{use.__module__}.{use.__qualname__}"] = use


def users_of(segment: Segment) -> list[str]:
    """The names of everything that uses a segment, other segments included."""
    return [*segments_using(segment), *(name for use in _uses.values() for name in use(segment))]


def segments_using(segment: Segment) -> list[str]:
    """The segments whose rule names this one."""
    others = Segment.objects.filter(
        organisation=segment.organisation_id, archived_at=None, rule__icontains='"segment"'
    ).exclude(pk=segment.pk)
    return [other.name for other in others if segment.pk in segment_ids(other.rule)]
