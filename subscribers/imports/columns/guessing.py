"""Which column holds what, guessed from names in six languages and from the values; people correct it.

A guess is sure when the name says it and the values do not speak against it. What rests on the values alone, or on a
name that may mean something else, is a doubt for the page to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from subscribers.contacts.values import guess_date_order
from subscribers.imports.columns import looks
from subscribers.imports.columns.naming import (
    KNOWN_FULL_NAMES,
    KNOWN_NAMES,
    POSSIBLE_NAMES,
    core_name,
    plain_name,
    spaced_name,
)
from subscribers.imports.columns.presets import preset_mapping, recognised_preset
from subscribers.imports.columns.sensitive import sensitive_columns
from subscribers.imports.columns.statuses import Question, StatusColumn
from subscribers.imports.columns.targets import HASHES, IDENTITIES, REPEATABLE, TARGETS

# Of several numbers, that of the pocket: it takes messages, too.
MOBILE = re.compile(r"\b(mobile?\w*|cell\w*|sms|gsm|portable|handy\w*|movil|mobiel\w*)\b")
# Last names beside a first name, else perhaps whole names.
PERHAPS_WHOLE = frozenset(("name", "nom", "nome", "nombre"))
AGREEMENT = re.compile(
    r"\bopt(ed)? ?in|\bconsent\w*|\bnewsletter\b|\baccepts? |\babonn\w+|\bsubscri(bed|ption)\b|\beinwillig\w+"
)
# So few values speak against a name; so many are enough to hear.
FEWEST, SAMPLE = 3, 50
# What the values of a target must mostly be, lest the name deceives.
EXPECTED: dict[str, looks.Test] = {
    "email": looks.is_email,
    "phone": looks.may_be_phone,
    "country": looks.is_any_country,
    "language": looks.is_language_name,
    "consent.ip": looks.is_ip,
    "consent.occurred_at": looks.is_date,
    "consent.withdrawn_at": looks.is_date,
    "consent.form_url": looks.is_url,
    "consent.channel": looks.is_channel_list,
    "suppression.sha256": looks.LONG_HASH,
    "suppression.md5": looks.SHORT_HASH,
}
# What values say without a name, and how many of them must.
BY_VALUES: tuple[tuple[str, looks.Test, float], ...] = (
    ("email", looks.is_email, looks.MOST),
    ("phone", looks.is_phone, looks.MOST),
    ("country", looks.is_country, looks.NEARLY_ALL),
    ("language", looks.is_language, looks.NEARLY_ALL),
    ("consent.ip", looks.is_ip, looks.NEARLY_ALL),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file seems to hold: a target or None for each column, what of it is unsure, and the tool it came from.

    ``doubts`` are codes: ``mapping:<column>``, and ``preset`` for an export of a tool that may hold several kinds.
    """

    mapping: dict[str, str | None]
    doubts: list[str]
    preset: str = ""


def guess_mapping(
    columns: Sequence[str], rows: Sequence[Sequence[str]], fields: Mapping[str, str], file_name: str = ""
) -> Guess:
    """A target or None for each column; `fields` are the declared ones, key -> label. No target is given twice,
    but `consent.status`. A sensitive column is never guessed to be anything.

    Declared fields win over built-in names: whoever declares a field `mobile` wants the column `mobile` there.
    """
    preset = recognised_preset(columns, rows, file_name)
    guesser = Guesser(columns, rows)
    guesser.take_declared(fields)
    guesser.take_preset(preset_mapping(preset, columns, rows))
    guesser.take_named()
    guesser.take_possible()
    guesser.take_by_values()
    guesser.doubt_full_names()
    doubts = [f"mapping:{column}" for column in columns if column in guesser.doubts]
    return Guess(guesser.mapping, [*doubts, *(["preset"] if preset == "mailchimp" else [])], preset)


def guess_dates(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, bool]:
    """The order of days and months in a file, and whether it is sure; see `guess_date_order`.

    One column that settles it settles it for all: one program wrote them.
    """
    values = [looks.column_values(rows, number) for number in range(len(columns))]
    numbered = [column for column in values if looks.share(column, looks.is_numbered_day) >= looks.MOST]
    # `06 12 34 56 78` begins like a day, too.
    dated = [column for column in numbered if looks.share(column[:SAMPLE], looks.is_written_date) >= looks.MOST]
    return guess_date_order([value for column in dated for value in column])


class Guesser:
    """The columns of one file, taken one kind of evidence after the other, the strongest first."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._columns = columns
        self._values = {column: looks.column_values(rows, number)[:SAMPLE] for number, column in enumerate(columns)}
        self._closed = set(sensitive_columns(columns, rows))  # nothing more is guessed about these
        self._taken: set[str] = set()
        self.mapping: dict[str, str | None] = dict.fromkeys(columns)
        self.doubts: set[str] = set()

    def _open(self) -> list[str]:
        return [column for column in self._columns if column not in self._closed]

    def _take(self, column: str, target: str | None, *, sure: bool = True) -> None:
        """Give a column its target, unless another has it; a column is decided once."""
        if target in self._taken and target not in REPEATABLE:
            return
        self._closed.add(column)
        self.mapping[column] = target
        if target:
            self._taken.add(target)
        if not sure:
            self.doubts.add(column)

    def take_declared(self, fields: Mapping[str, str]) -> None:
        declared = {plain_name(text): f"attributes.{key}" for key, label in fields.items() for text in (label, key)}
        for column in self._open():
            target = declared.get(plain_name(column)) or declared.get(plain_name(column.removeprefix("attributes.")))
            if target:
                self._take(column, target)

    def take_preset(self, known: Mapping[str, str | None]) -> None:
        for column in self._open():
            if column in known:
                self._take(column, known[column])

    def take_named(self) -> None:
        """Columns with a name that means one thing: a mobile number before a fixed one, `name` after all others."""

        def rank(column: str) -> int:
            name = plain_name(column)
            return 0 if MOBILE.search(name) else 2 if name in PERHAPS_WHOLE else 1

        for column in sorted(self._open(), key=rank):
            target = column if column in TARGETS else None
            target = target or KNOWN_NAMES.get(plain_name(column)) or KNOWN_NAMES.get(spaced_name(column))
            if target:
                self._take_checked(column, target, sure=True)

    def take_possible(self) -> None:
        """Columns whose name may mean something, or does so among other words."""
        for column in self._open():
            name = plain_name(column)
            wanted = POSSIBLE_NAMES.get(name) or [KNOWN_NAMES.get(core_name(name), "")]
            target = next((target for target in wanted if target and self._fits(column, target, fewest=1)), None)
            if target == "external_id" and looks.is_counter(self._values[column]):
                self._take(column, None, sure=False)
            elif target and (target not in HASHES or not self._identified):
                self._take(column, target, sure=False)
            elif not target and is_question(name) and self._answers(column) >= looks.NEARLY_ALL:
                self._take(column, "consent.status", sure=False)

    def take_by_values(self) -> None:
        for target, test, enough in BY_VALUES:
            column = self._first(test, enough)
            if target not in self._taken and column is not None:
                self._take(column, target, sure=False)
        for target, test in (("suppression.sha256", looks.LONG_HASH), ("suppression.md5", looks.SHORT_HASH)):
            column = self._first(test, looks.NEARLY_ALL)
            if not self._identified and column is not None:
                self._take(column, target, sure=False)

    def doubt_full_names(self) -> None:
        """A column of whole names is nobody's last name. It stays out, and is shown, unless both parts are there."""
        for column in self._columns:
            name, values = plain_name(column), self._values[column]
            whole = looks.share(values, lambda value: " " in value) >= looks.MOST
            if self.mapping[column] == "last_name" and name in PERHAPS_WHOLE and whole:
                self.doubts.add(column)
                if "first_name" in self._taken:
                    self.mapping[column] = None
                    self._taken.discard("last_name")
            elif self.mapping[column] == "first_name" and name in PERHAPS_WHOLE and whole:
                self.doubts.update(() if "last_name" in self._taken else (column,))
            elif name in KNOWN_FULL_NAMES and not self.mapping[column]:
                self.doubts.update(() if {"first_name", "last_name"} <= self._taken else (column,))

    @property
    def _identified(self) -> bool:
        return not self._taken.isdisjoint(IDENTITIES)

    def _first(self, test: Callable[[str], object], enough: float) -> str | None:
        """The first column that nothing is known of and whose values pass a test."""
        return next((column for column in self._open() if looks.share(self._values[column], test) >= enough), None)

    def _fits(self, column: str, target: str, *, fewest: int = FEWEST) -> bool:
        """Do the values allow a target? A few odd ones say nothing against a name, unless they answer a question."""
        values = self._values[column]
        if target == "consent.status":
            return not values or self._answers(column) >= 0.8
        if target not in EXPECTED or looks.share(values, EXPECTED[target]) >= 0.5:
            return True
        return len(values) < fewest and not (values and self._answers(column) == 1)

    def _answers(self, column: str) -> float:
        return looks.answers(self._values[column], StatusColumn.named(column))

    def _take_checked(self, column: str, target: str, *, sure: bool) -> None:
        """Take a target that the name says, or what the values make of it when they speak against it."""
        if self._fits(column, target):
            self._take(column, target, sure=sure)
            return
        values = self._values[column]
        asks = target in ("email", "phone", "consent.occurred_at", "consent.withdrawn_at", "consent.status")
        if target == "consent.status" and looks.share(values, looks.is_written_date) >= 0.5:
            stops = StatusColumn.named(column).question is Question.OPT_OUT
            self._take(column, "consent.withdrawn_at" if stops else "consent.occurred_at", sure=False)
        elif target == "consent.status" and looks.share(values, looks.is_channel_list) >= looks.NEARLY_ALL:
            self._take(column, "consent.channel", sure=False)
        elif asks and target != "consent.status" and self._answers(column) >= looks.NEARLY_ALL:
            self._take(column, "consent.status", sure=False)
        else:
            self._take(column, None, sure=False)


def is_question(name: str) -> bool:
    """Does the name of a column ask whether somebody may be written to? A bare `status` may be that of an order."""
    question = StatusColumn.named(name).question
    return bool(AGREEMENT.search(name)) if question is Question.OPT_IN else question is not Question.STATUS
