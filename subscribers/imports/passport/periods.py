"""When people were asked somewhere, and for what: a row counts only if its date lies within (N-01; E5 §108)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from math import inf
from typing import Generic, TypeVar

A_DAY = timedelta(days=1)
S = TypeVar("S", bound="Span")


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` on, until ``end`` if it has one."""

    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Period(Span):
    """A time in which people were asked for these, pairs of purpose and channel, with a notice before them."""

    asked: frozenset[tuple[str, str]]


class Spans(Generic[S]):
    """Spans that do not overlap, in the order of time, and which of them a moment lies in.

    A moment at midnight where the organisation is stands for its whole day: files often hold days without a time. Such
    a day belongs to what was shown when it began, or else to what came first on it.
    """

    def __init__(self, spans: Iterable[S], zone: tzinfo) -> None:
        self.spans: Sequence[S] = sorted(spans, key=lambda span: span.begin)
        # As seconds: moments of different zones take long to compare.
        self._begins = [span.begin.timestamp() for span in self.spans]
        self._ends = [span.end.timestamp() if span.end else inf for span in self.spans]
        self._zone = zone

    def at(self, moment: datetime) -> S | None:
        """The span in which something happened; None in a gap."""
        seconds = moment.timestamp()
        place = bisect_right(self._begins, seconds)
        if place and seconds < self._ends[place - 1]:
            return self.spans[place - 1]
        if place < len(self.spans) and self._begins[place] < self._end_of_day(moment):
            return self.spans[place]
        return None

    def is_before(self, moment: datetime) -> bool:
        """Whether it lies before the first of them."""
        return not self.spans or moment.timestamp() < self._begins[0]

    def _end_of_day(self, moment: datetime) -> float:
        """That of a moment that stands for its day; any other moment itself."""
        local = moment.astimezone(self._zone)
        if local.time() != time():
            return moment.timestamp()
        return datetime.combine(local.date() + A_DAY, time(), self._zone).timestamp()
