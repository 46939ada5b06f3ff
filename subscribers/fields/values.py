"""The value of a field in its stored form, from a cell of a file or from JSON. Pure and fast: imports call it a cell.

Raises :class:`InvalidValueError`, whose message is one of the contract's: ``invalid_value``, ``invalid_number``,
``invalid_date``, ``too_long``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from subscribers.contacts.normalising import InvalidValueError
from subscribers.contacts.values import normalise_boolean, normalise_number, parse_date, parse_moment
from subscribers.fields.models import FieldType

LONGEST_TEXT = 2000
LARGEST_NUMBER = 10**18

Stored = str | int | float | bool | list[str]
Reader = Callable[[Any], Stored]


@dataclass(frozen=True)
class Customs:
    """How the writers of the values write: their time zone, decimal comma, and the order of day and month."""

    zone: tzinfo = UTC
    comma_decimal: bool = False
    date_order: str = "dmy"


@dataclass(frozen=True)
class Kind:
    """What the value of a field must be; taken from a Field row once, then used for any number of values."""

    type: str
    choices: Sequence[str] = ()
    customs: Customs = field(default_factory=Customs)

    def reader(self) -> Reader:
        """The function that turns one value into its stored form, chosen once and not once a value."""
        return READERS[FieldType(self.type)](self)


def stored_value(kind: Kind, value: Any) -> Stored:
    """One value in its stored form: see `Field` for the form of each type."""
    return kind.reader()(value)


def refuse(code: str) -> InvalidValueError:
    return InvalidValueError(code)


def text_reader(_kind: Kind) -> Reader:
    def read(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise refuse("invalid_value")
        text = str(value).strip()
        if len(text) > LONGEST_TEXT:
            raise refuse("too_long")
        if "\x00" in text:
            raise refuse("invalid_value")
        return text

    return read


def number_reader(kind: Kind) -> Reader:
    comma = kind.customs.comma_decimal

    def read(value: Any) -> int | float:
        if isinstance(value, str):
            plain = normalise_number(value, comma)
            value = float(plain) if "." in plain else int(plain)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refuse("invalid_number")
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise refuse("invalid_number")
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return read


def boolean_reader(_kind: Kind) -> Reader:
    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return normalise_boolean(value)
        if isinstance(value, int) and value in (0, 1):
            return value == 1
        raise refuse("invalid_value")

    return read


def date_reader(kind: Kind) -> Reader:
    order = kind.customs.date_order

    def read(value: Any) -> str:
        if isinstance(value, str):
            return parse_date(value, order).isoformat()
        if isinstance(value, date):
            return (value.date() if isinstance(value, datetime) else value).isoformat()
        raise refuse("invalid_date")

    return read


def moment_reader(kind: Kind) -> Reader:
    customs = kind.customs

    def read(value: Any) -> str:
        if isinstance(value, str):
            value = parse_moment(value, customs.zone, customs.date_order)
        if not isinstance(value, datetime):
            raise refuse("invalid_date")
        moment = value if value.tzinfo else value.replace(tzinfo=customs.zone)
        try:
            return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        except OverflowError:
            raise refuse("invalid_date") from None

    return read


def choice_reader(kind: Kind) -> Reader:
    # People write choices in any case; the stored form is the declared one.
    known = {choice.casefold(): choice for choice in kind.choices}

    def read(value: Any) -> str:
        found = known.get(value.strip().casefold()) if isinstance(value, str) else None
        if found is None:
            raise refuse("invalid_value")
        return found

    return read


def choices_reader(kind: Kind) -> Reader:
    read_one = choice_reader(kind)

    def read(value: Any) -> list[str]:
        parts = (
            [part for part in value.replace(";", ",").split(",") if part.strip()] if isinstance(value, str) else value
        )
        if not isinstance(parts, list):
            raise refuse("invalid_value")
        return list(dict.fromkeys(str(read_one(part)) for part in parts))

    return read


READERS: dict[FieldType, Callable[[Kind], Reader]] = {
    FieldType.TEXT: text_reader,
    FieldType.NUMBER: number_reader,
    FieldType.BOOLEAN: boolean_reader,
    FieldType.DATE: date_reader,
    FieldType.DATETIME: moment_reader,
    FieldType.CHOICE: choice_reader,
    FieldType.CHOICES: choices_reader,
}
