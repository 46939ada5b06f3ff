"""Step 2 in words: why a column is read as it is, what was unsure, and what a new field for it would be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.ui.components import Text
from subscribers.contacts.normalising import InvalidValueError
from subscribers.contacts.values import normalise_boolean, normalise_number, parse_date
from subscribers.fields.models import FieldType
from subscribers.imports.forms import ReadingForm
from subscribers.imports.mapping import plain_name
from subscribers.imports.models import Import, SavedMapping

SHOWN_VALUES = 3
LONGEST_VALUE = 60
DOUBTS: dict[str, str | Promise] = {
    "encoding": _("The encoding is a guess. Look whether accents and signs are right."),
    "delimiter": _("What separates the cells is a guess. Look whether the columns are right."),
    "header": _("It is not clear whether the first row names the columns or is a person already."),
    "date_order": _("The dates can be read in two ways. Say whether the day or the month comes first."),
    "part": _("The file holds several tables. Look whether this is the right one."),
}
SENSITIVE: dict[str, str | Promise] = {
    "health": _("health"),
    "religion": _("religion or belief"),
    "union": _("membership of a trade union"),
    "ethnicity": _("ethnic origin"),
    "politics": _("political opinions"),
    "sex_life": _("sex life or orientation"),
    "biometric": _("biometric or genetic data"),
    "criminal": _("offences"),
    "national_id": _("national identity numbers"),
    "card_number": _("card numbers"),
    "iban": _("bank accounts"),
}


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """One column of the file on the page."""

    number: int
    name: str
    target: BoundField
    chosen: bool
    values: Sequence[str]
    why: Text
    unsure: bool
    sensitive: Text
    cleared: BoundField | None


@dataclass(frozen=True)
class Preset:
    title: Text
    text: Text


def column_rows(form: ReadingForm, rows: Sequence[Sequence[str]], *, saved: SavedMapping | None) -> Iterator[ColumnRow]:
    """Each column with its field, its first values and why it is read so."""
    source = form.source
    for number, column in enumerate(source.columns):
        reason = f"cleared_{number}"
        yield ColumnRow(
            number=number,
            name=column,
            target=form[f"column_{number}"],
            chosen=form[f"column_{number}"].value() not in ("", None),
            values=first_values(rows, number),
            why=why(source, column, saved),
            unsure=f"mapping:{column}" in source.doubts,
            sensitive=SENSITIVE.get(source.sensitive.get(column, ""), source.sensitive.get(column, "")),
            cleared=form[reason] if reason in form.fields else None,
        )


def first_values(rows: Sequence[Sequence[str]], number: int) -> list[str]:
    values = (row[number].strip() for row in rows if len(row) > number)
    return [value[:LONGEST_VALUE] for value in values if value][:SHOWN_VALUES]


def why(source: Import, column: str, saved: SavedMapping | None) -> Text:
    """What the reading of a column rests on; nothing for one that is dropped."""
    target = source.mapping.get(column)
    if not target:
        return ""
    if saved and saved.mapping.get(column) == target:
        return _("as last time")
    if source.preset:
        return _("as in exports of this tool")
    return _("by its name") if is_known_name(column, target) else _("by its values")


def is_known_name(column: str, target: str) -> bool:
    from subscribers.imports.mapping import KNOWN_NAMES

    name = plain_name(column)
    return KNOWN_NAMES.get(name) == target or target.startswith("attributes.") or column == target


def doubts_in_words(source: Import) -> list[Text]:
    """What was unsure about the file as a whole."""
    return [DOUBTS[code] for code in source.doubts if code in DOUBTS]


def preset_in_words(source: Import) -> Preset | None:
    """Which tool's export this is, and what its words are taken for."""
    return None


def new_field_values(column: str, rows: Sequence[Sequence[str]], number: int) -> dict[str, Any]:
    """What a field for this column could be called, and which type its first values have."""
    key = re.sub(r"[^a-z0-9]+", "_", plain_name(column)).strip("_")[:50]
    values = [row[number].strip() for row in rows if len(row) > number and row[number].strip()]
    return {"label": column[:100], "key": key if key[:1].isalpha() else f"field_{key}"[:50], "type": type_of(values)}


def type_of(values: Iterable[str]) -> str:
    """The narrowest type that all values have."""
    found = list(values)
    tests = (
        (FieldType.BOOLEAN, normalise_boolean),
        (FieldType.NUMBER, lambda value: normalise_number(value, True)),
        (FieldType.DATE, parse_date),
    )
    if found:
        for field_type, read in tests:
            if all(is_read(read, value) for value in found):
                return field_type.value
    return FieldType.TEXT.value


def is_read(read: Any, value: str) -> bool:
    try:
        read(value)
    except InvalidValueError:
        return False
    return True
