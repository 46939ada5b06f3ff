"""How each kind of field becomes SQL: conditions over alias ``c`` of ``subscribers_contact``, values always bound.

A condition may be NULL where a value is absent; that counts as false. Its complement is therefore written
``IS NOT TRUE``, so that exactly everybody else matches, and ``NOT`` only where NULL can't occur (EXISTS), which the
planner turns into an anti-join.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from subscribers.segments.rules import Node


@dataclass(frozen=True)
class Condition:
    """A boolean SQL expression; ``nullable`` when it may be NULL."""

    sql: str
    nullable: bool = True

    @property
    def complement(self) -> str:
        return f"({self.sql}) IS NOT TRUE" if self.nullable else f"NOT ({self.sql})"


@dataclass
class Writer:
    """What the fields of a rule write with: the moment, the organisation, and the parameters bound so far."""

    organisation_id: int
    now: datetime
    zone: ZoneInfo
    segments: Mapping[int, Node] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    _bound: dict[tuple[str, str], str] = field(default_factory=dict)

    def bind(self, value: Any, cast: str) -> str:
        """The placeholder of a value; the same value gets the same one."""
        key = (repr(value), cast)
        if key not in self._bound:
            name = f"seg_{len(self.params) + 1}"
            self.params[name] = value
            self._bound[key] = f"%({name})s::{cast}"
        return self._bound[key]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def span(self, value: date | datetime, step: timedelta) -> tuple[datetime, datetime]:
        """Where a value starts and where what comes after it starts: a day is a whole day in the organisation."""
        if isinstance(value, datetime):
            return value, value + step
        midnight = datetime.combine(value, time(), self.zone)
        return midnight, datetime.combine(value + timedelta(days=1), time(), self.zone)


ConditionWriter = Callable[[Writer, str, Any], Condition]
MICROSECOND = timedelta(microseconds=1)
COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "="}


def text_condition(column: Callable[[Writer], str], *, fold: bool = False) -> ConditionWriter:
    """Text; ``fold`` compares without regard to case, by the database's own rules on both sides."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        source = column(writer)
        if operator == "is_set":
            return Condition(f"{source} <> ''")
        source = f"lower({source})" if fold else source
        if operator == "in":
            return Condition(f"{source} = ANY(ARRAY[{', '.join(_folded(writer, item, fold) for item in value)}])")
        given = _folded(writer, value, fold)
        return Condition(
            {
                "eq": f"{source} = {given}",
                "contains": f"strpos({source}, {given}) > 0",
                "starts_with": f"starts_with({source}, {given})",
                "ends_with": f"right({source}, length({given})) = {given}",
            }[operator]
        )

    return write


def _folded(writer: Writer, value: str, fold: bool) -> str:
    return f"lower({writer.bind(value, 'text')})" if fold else writer.bind(value, "text")


def ordered_condition(
    column: Callable[[Writer], str], cast: str, convert: Callable[[Any], Any] = lambda value: value
) -> ConditionWriter:
    """Numbers, and days: compared as they are."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        source = column(writer)
        if operator == "is_set":
            return Condition(f"{source} IS NOT NULL", nullable=False)
        if operator == "in":
            return Condition(f"{source} = ANY({writer.bind([convert(item) for item in value], f'{cast}[]')})")
        if operator == "in_last":
            operator, value = "between", (writer.today - timedelta(days=value), writer.today)
        if operator == "between":
            low, high = (writer.bind(convert(item), cast) for item in value)
            return Condition(f"{source} BETWEEN {low} AND {high}")
        return Condition(f"{source} {COMPARISONS[operator]} {writer.bind(convert(value), cast)}")

    return write


def moment_condition(
    column: Callable[[Writer], str],
    cast: str = "timestamptz",
    convert: Callable[[datetime], Any] = lambda value: value,
    step: timedelta = MICROSECOND,
) -> ConditionWriter:
    """Moments: half-open spans, so that a day given as value means the whole day."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        source = column(writer)
        if operator == "is_set":
            return Condition(f"{source} IS NOT NULL", nullable=False)
        if operator == "in_last":
            operator, value = "between", (writer.now - timedelta(days=value), writer.now)
        first, last = value if operator == "between" else (value, value)
        start, end = writer.span(first, step)[0], writer.span(last, step)[1]
        since = f"{source} >= {writer.bind(convert(start), cast)}"
        before = f"{source} < {writer.bind(convert(end), cast)}"
        return Condition(
            {
                "eq": f"{since} AND {before}",
                "between": f"{since} AND {before}",
                "lt": f"{source} < {writer.bind(convert(start), cast)}",
                "lte": before,
                "gt": f"{source} >= {writer.bind(convert(end), cast)}",
                "gte": since,
            }[operator]
        )

    return write


def tags_condition(writer: Writer, operator: str, value: Any) -> Condition:
    """The tags of a contact, an array that is never NULL."""
    if operator == "is_set":
        return Condition("cardinality(c.tags) > 0", nullable=False)
    given = writer.bind(list(value), "varchar[]")
    return Condition(f"c.tags {'&&' if operator == 'has_any' else '@>'} {given}", nullable=False)


def iso_second(value: datetime) -> str:
    """A moment as it begins in its stored text: UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
