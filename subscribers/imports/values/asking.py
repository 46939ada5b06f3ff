"""Rows that cannot have been asked what they claim: on their date the collection point showed no notice (N-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from subscribers.imports.columns.statuses import Said
from subscribers.imports.passport.periods import Period, Spans
from subscribers.imports.problems import RejectCode
from subscribers.imports.values.cells import list_of
from subscribers.imports.values.converting import MEMORY, NULL

if TYPE_CHECKING:
    from subscribers.imports.values.rows import Findings, Reading

Verdict = RejectCode | Period | None
"""Of a date: what is wrong with it; the period in which less was asked than the file claims; or nothing."""


class Verdicts(dict[str, Verdict]):
    """Of each date as a cell of COPY text; most files hold the same few days again and again."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self._spans = Spans(reading.periods, reading.zone)
        self._claimed = frozenset(reading.claimed)
        self._otherwise = reading.collected_at or reading.now

    def __missing__(self, cell: str) -> Verdict:
        if len(self) > MEMORY:
            self.clear()
        verdict = self[cell] = self._of(self._otherwise if cell == NULL else datetime.fromisoformat(cell))
        return verdict

    def _of(self, moment: datetime) -> Verdict:
        period = self._spans.at(moment)
        if period is None:
            return RejectCode.BEFORE_NOTICE if self._spans.is_before(moment) else RejectCode.NOTICE_NOT_SHOWN
        return None if self._claimed <= period.asked else period


class Asking:
    """Looks at block after block of a file that names its collection point and dates its rows."""

    def __init__(self, reading: Reading, *, place: int) -> None:
        self._claimed, self._place = reading.claimed, place
        self._verdicts = Verdicts(reading)

    def note(self, columns: Mapping[str, Sequence[str]], stops: Sequence[bool], found: Findings) -> None:
        """Add what is wrong to the findings. An opt-out, and a row that claims nothing, was asked nothing."""
        verdicts = list(map(self._verdicts.__getitem__, columns["occurred_at"]))
        if not any(verdicts):
            return
        said = columns.get("said")
        for number, verdict in enumerate(verdicts):
            if verdict is None or (stops and stops[number]) or (said and said[number] == Said.NONE):
                continue
            if not isinstance(verdict, Period):
                found.add(number, verdict, place=self._place)
            elif not self._claims_of(columns, number) <= verdict.asked:
                found.add(number, RejectCode.PURPOSE_NOT_ASKED, place=self._place)

    def _claims_of(self, columns: Mapping[str, Sequence[str]], number: int) -> set[tuple[str, str]]:
        """What a row claims of all that its file does."""
        named = {
            name: set(list_of(columns[name][number]))
            for name in ("purposes", "channels")
            if name in columns and columns[name][number] != NULL
        }
        return {
            (purpose, channel)
            for purpose, channel in self._claimed
            if purpose in named.get("purposes", {purpose}) and channel in named.get("channels", {channel})
        }
