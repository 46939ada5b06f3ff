"""Step 2 in words: why a column is read as it is, what was unsure, and what a new field for it would be called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.ui.components import Text
from subscribers.imports.columns.mapping import KNOWN_NAMES, plain_name
from subscribers.imports.columns.presets import PRESETS
from subscribers.imports.columns.sensitive import SENSITIVE_DETAILS
from subscribers.imports.columns.suggesting import suggest_field
from subscribers.imports.models import Import, SavedMapping
from subscribers.imports.pages.forms import ReadingForm

SHOWN_VALUES = 3
LONGEST_VALUE = 60
DOUBTS: dict[str, str | Promise] = {
    "encoding": _("The encoding is a guess. Look whether accents and signs are right."),
    "delimiter": _("What separates the cells is a guess. Look whether the columns are right."),
    "header": _("It is not clear whether the first row names the columns or is a person already."),
    "date_order": _("The dates can be read in two ways. Say whether the day or the month comes first."),
    "preset": _(
        "Mailchimp exports a file for each kind of contacts, and this one does not say which it is. Choose it."
    ),
    "part": _("The file holds several tables. Look whether this is the right one."),
}
KINDS: dict[str, str | Promise] = {
    "mailchimp_unsubscribed": _("Everybody in it has unsubscribed there, and is never written to here."),
    "mailchimp_cleaned": _("Everybody in it bounced there, and is not written to here."),
    "mailchimp_nonsubscribed": _("Nobody in it ever subscribed there: the file proves no consent."),
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
            sensitive=SENSITIVE_DETAILS.get(source.sensitive.get(column, ""), ""),
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
    name = plain_name(column)
    return KNOWN_NAMES.get(name) == target or target.startswith("attributes.") or column == target


def doubts_in_words(source: Import) -> list[Text]:
    """What was unsure about the file as a whole."""
    return [DOUBTS[code] for code in source.doubts if code in DOUBTS]


def preset_in_words(source: Import) -> Preset | None:
    """Which tool's export this is, and what its words are taken for."""
    name = PRESETS.get(source.preset)
    if name is None:
        return None
    title = _("This is an export of %(tool)s.") % {"tool": name}
    text = KINDS.get(source.preset) or _(
        "Who unsubscribed, bounced or complained there is never written to here. Who is subscribed there stands on "
        "what you say and prove in the next step, and on nothing else."
    )
    return Preset(title, text)


def new_field_values(column: str, rows: Sequence[Sequence[str]], number: int) -> dict[str, Any]:
    """What a field for this column could be called, and which type its first values have."""
    suggested = suggest_field(column, [row[number] for row in rows if len(row) > number])
    return {
        "key": suggested.key,
        "label": suggested.label,
        "type": suggested.type,
        "choices": "\n".join(suggested.choices),
    }
