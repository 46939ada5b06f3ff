"""A field for a column that has none: how it could be called, and which type its values have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from subscribers.contacts.normalising import InvalidValueError
from subscribers.contacts.values import is_nothing, normalise_boolean, normalise_number
from subscribers.fields.models import FieldType
from subscribers.imports.columns import looks
from subscribers.imports.columns.naming import plain_name, spaced_name

MOST_CHOICES = 12
LONGEST_CHOICE = 40
LONGEST_ACRONYM = 5
FEWEST_REPEATS = 3  # a value is a choice when it comes so often, on average
LISTED = re.compile(r"\s*[,;|]\s*")
LEADING_ZERO = re.compile(r"0\d+").fullmatch
CLOCK = re.compile(r"\d:\d\d|\d\s?h\s?\d|\d\s?[ap]\.?m\b", re.IGNORECASE).search


class SuggestedField(NamedTuple):
    key: str
    label: str
    type: str
    choices: list[str]


def suggest_field(column: str, values: Sequence[str]) -> SuggestedField:
    """What to create for a column, from its name and some of its values."""
    written = [value.strip() for value in values if not is_nothing(value)]
    field_type, choices = suggested_type(written)
    return SuggestedField(suggested_key(column), suggested_label(column), field_type, choices)


def suggested_key(column: str) -> str:
    """Small letters, digits and underscores, a letter first: `Code postal (pro)` -> `code_postal_pro`."""
    words = spaced_name(column.removeprefix("attributes.")).replace(" ", "_")
    key = words if words[:1].isalpha() else f"field_{words}"
    return key[:50].rstrip("_")


def suggested_label(column: str) -> str:
    """As people read it: `CODE_POSTAL` -> `Code postal`."""
    label = " ".join(re.sub(r"[_.]+", " ", column.removeprefix("attributes.")).split())
    if label.islower() or (label.isupper() and len(label) > LONGEST_ACRONYM):
        label = label.capitalize()
    return label[:100] or "Field"


def suggested_type(values: Sequence[str]) -> tuple[str, list[str]]:
    """The narrowest type that all values have, with the choices if it is one."""
    if not values:
        return FieldType.TEXT, []
    if looks.share(values, looks.passes(normalise_boolean)) == 1 and len(set(map(str.casefold, values))) <= 4:
        return FieldType.BOOLEAN, []
    if looks.share(values, looks.is_written_date) == 1:
        return (FieldType.DATETIME if any(map(CLOCK, values)) else FieldType.DATE), []
    if all(map(is_number, values)):
        return FieldType.NUMBER, []
    return suggested_choices(values)


def is_number(value: str) -> bool:
    """A quantity; what begins with a zero, or is as long as a phone number, is a code."""
    if LEADING_ZERO(value) or len(re.sub(r"\D", "", value)) > 9:
        return False
    for comma_decimal in (True, False):
        try:
            normalise_number(value, comma_decimal)
        except InvalidValueError:
            return False
    return True


def suggested_choices(values: Sequence[str]) -> tuple[str, list[str]]:
    """One choice, or several, where few short values come again and again; else free text."""
    once = distinct(values)
    listed = [part for value in once if LISTED.search(value) for part in LISTED.split(value) if part]
    parts = [part for value in values for part in LISTED.split(value) if part]
    apart = distinct(parts)
    # `Paris, France` is one choice; `tea, coffee` are two where others have tea alone.
    if set(listed) & set(once) and is_vocabulary(apart, len(parts)):
        return FieldType.CHOICES, apart
    return (FieldType.CHOICE, once) if is_vocabulary(once, len(values)) else (FieldType.TEXT, [])


def distinct(values: Sequence[str]) -> list[str]:
    """Each value once, as it was written first, whatever its capitals and accents."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(plain_name(value) or value, value)
    return list(found.values())


def is_vocabulary(once: Sequence[str], count: int) -> bool:
    return (
        1 < len(once) <= MOST_CHOICES
        and count >= FEWEST_REPEATS * len(once)
        and all(len(value) <= LONGEST_CHOICE for value in once)
    )
