"""What the values of a column look like: the evidence beside its name. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from subscribers.contacts.dates import YEAR_LAST
from subscribers.contacts.normalising import PHONE_MARKS, InvalidValueError
from subscribers.contacts.values import (
    country_names,
    is_nothing,
    language_names,
    parse_date,
)
from subscribers.imports.columns.statuses import StatusColumn, channels_named

MOST = 0.6
NEARLY_ALL = 0.9
LOOKS_LIKE_EMAIL = re.compile(r"^\s*[^@\s]+@[^@\s]+\.[^@\s]{2,}\s*$")
# Written with a trunk zero or a plus, in marks or not: a customer's number hardly ever is.
LOOKS_LIKE_PHONE = re.compile(r"(?:\+|00)[1-9]\d{6,13}|0[1-9]\d{7,9}").fullmatch
ANY_PHONE = re.compile(r"\+?\d{6,15}").fullmatch
URL = re.compile(r"(?:https?://|www\.)\S+\.\S+|[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE).fullmatch
LONG_HASH = re.compile(r"[0-9a-f]{64}", re.IGNORECASE).fullmatch
SHORT_HASH = re.compile(r"[0-9a-f]{32}", re.IGNORECASE).fullmatch
LOCALE = re.compile(r"[A-Za-z]{2}[-_][A-Za-z0-9_-]{2,8}").fullmatch
CODE = re.compile(r"[A-Za-z]{2}").fullmatch
Test = Callable[[str], object]


def column_values(rows: Sequence[Sequence[str]], number: int) -> list[str]:
    """What is written in a column of some rows, trimmed; cells that hold nothing are left out."""
    values = (row[number].strip() for row in rows if len(row) > number)
    return [value for value in values if not is_nothing(value)]


def share(values: Sequence[str], test: Test) -> float:
    """How many of the values pass a test, from 0 to 1; 0 of none."""
    return sum(bool(test(value)) for value in values) / len(values) if values else 0.0


def passes(read: Callable[[str], object]) -> Callable[[str], bool]:
    """A test out of a function that raises InvalidValueError."""

    def test(value: str) -> bool:
        try:
            read(value)
        except InvalidValueError:
            return False
        return True

    return test


def is_email(value: str) -> bool:
    return bool(LOOKS_LIKE_EMAIL.match(value))


def is_phone(value: str) -> bool:
    """Written as phone numbers are, and as little else is."""
    return bool(LOOKS_LIKE_PHONE(value.translate(PHONE_MARKS)))


def may_be_phone(value: str) -> bool:
    return bool(ANY_PHONE(value.translate(PHONE_MARKS)))


def is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def is_country(value: str) -> bool:
    """A name or a code; a code of two letters counts in capitals only: `fr` is a language."""
    return value.lower() in country_names() and (value.isupper() or not CODE(value))


def is_language(value: str) -> bool:
    """A name, `fr`, `fr-FR`; a code of two letters counts in small ones only: `FR` is a country."""
    if CODE(value):
        return value.islower() and value in language_names()
    return len(value) > 3 and is_language_name(value)


def is_language_name(value: str) -> bool:
    """A name or a code in any case, perhaps with a country: `fr-FR`."""
    return value.lower() in language_names() or (bool(LOCALE(value)) and value[:2].lower() in language_names())


def is_any_country(value: str) -> bool:
    return value.lower() in country_names()


def is_date(value: str) -> bool:
    """In whatever order of day and month."""
    return is_day_first(value) or is_month_first(value)


is_day_first = passes(parse_date)
is_month_first = passes(lambda value: parse_date(value, "mdy"))
is_channel_list = passes(channels_named)


def is_written_date(value: str) -> bool:
    """A date with marks in it, in whatever order: bare digits may be anything."""
    return not value.isdecimal() and not value.replace(".", "", 1).isdecimal() and is_date(value)


def is_numbered_day(value: str) -> bool:
    """Has it the form of 03/04/2026, which says nothing of its order?"""
    return bool(YEAR_LAST.match(value))


def is_url(value: str) -> bool:
    return bool(URL(value))


def is_counter(values: Sequence[str]) -> bool:
    """1, 2, 3: the numbers of the rows, which say nothing about anybody."""
    if len(values) < 3 or not all(value.isascii() and value.isdecimal() and len(value) < 10 for value in values):
        return False
    numbers = [int(value) for value in values]
    return numbers[0] <= 1 and all(after - before == 1 for before, after in pairwise(numbers))


def answers(values: Sequence[str], column: StatusColumn) -> float:
    """How many of the values of a status column are understood, from 0 to 1."""
    return share(values, passes(column.meaning))
