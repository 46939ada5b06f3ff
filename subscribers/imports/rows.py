"""Rows of a file to rows of the staging table, and those that cannot be to rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import compress

from subscribers.contacts.normalising import DomainBook
from subscribers.contacts.values import MONTH_FIRST
from subscribers.imports.converting import (
    NULL,
    Converter,
    Errors,
    FieldLike,
    Remembered,
    convert_emails,
    country_converter,
    field_converter,
    language_converter,
    moment_converter,
    normal_ip,
    normal_tags,
    phone_converter,
    text_converter,
)
from subscribers.imports.problems import RejectCode
from subscribers.imports.reading import Block, Reject, kept_cells

KEYS = ("email_key", "phone", "external_id")
STAGED_NAMES = {"consent.occurred_at": "occurred_at", "consent.ip": "ip"}
DECIMAL_POINT = frozenset(("US", "GB", "IE", "AU", "NZ", "IN", "MX", "JP", "CN", "TH", "IL", "MT"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the values of a file are understood: what its columns map to, and the customs of the organisation."""

    columns: Sequence[str]
    mapping: Mapping[str, str | None]
    fields: Sequence[FieldLike]
    country: str
    zone: tzinfo
    now: datetime
    date_required: bool = False


@dataclass(slots=True)
class StagedRows:
    """Valid rows as lines of COPY text, their identities beside them, and the rejects among them.

    `names` are the columns of the staging table that the lines fill; `keys` holds the identities by name, in the
    order of the lines.
    """

    names: Sequence[str]
    lines: list[str]
    keys: dict[str, list[str]]
    rejects: list[Reject]

    def kept(self, keep: Sequence[bool]) -> StagedRows:
        """Only the rows for which `keep` says so."""
        keys = {name: list(compress(cells, keep)) for name, cells in self.keys.items()}
        return StagedRows(self.names, list(compress(self.lines, keep)), keys, self.rejects)

    def copy_text(self) -> str:
        return "\n".join(self.lines) + "\n" if self.lines else ""


def joined(parts: Sequence[StagedRows]) -> StagedRows:
    """The rows of several blocks of one file."""
    keys = {name: [cell for part in parts for cell in part.keys[name]] for name in parts[0].keys}
    lines = [line for part in parts for line in part.lines]
    return StagedRows(parts[0].names, lines, keys, [reject for part in parts for reject in part.rejects])


class RowValidator:
    """Converters made once for a file, then applied to block after block."""

    def __init__(self, reading: Reading) -> None:
        places = {column: place for place, column in enumerate(reading.columns)}
        targets = {target: places[column] for column, target in reading.mapping.items() if target}
        self._columns = reading.columns
        self._date_required = reading.date_required and "consent.occurred_at" in targets
        self._email = targets.pop("email", None)
        self._book = DomainBook()
        simple = simple_converters(reading)
        self._simple: list[tuple[str, int, Converter]] = [
            (STAGED_NAMES.get(target, target), place, simple[target])
            for target, place in targets.items()
            if target in simple
        ]
        self._members = member_converters(reading, targets)

    @property
    def column_names(self) -> list[str]:
        """The columns of the staging table that a file of this mapping fills."""
        names = ["line", *(["email", "email_key"] if self._email is not None else [])]
        names += [name for name, _place, _converter in self._simple]
        return names + (["attributes"] if self._members else [])

    def validate(self, block: Block) -> StagedRows:
        """The rows of a block that can be staged; the first problem of each other row becomes its reject."""
        if not block.rows:
            keys: dict[str, list[str]] = {name: [] for name in self.column_names if name in KEYS}
            return StagedRows(self.column_names, [], keys, list(block.broken))
        cells = list(zip(*block.rows, strict=True))
        errors: Errors = {}
        blame: dict[int, str] = {}
        columns: dict[str, list[str]] = {}
        if self._email is not None:
            columns["email"], columns["email_key"] = convert_emails(cells[self._email], errors, self._book)
            self._note(errors, blame, self._email)
        for name, place, convert in self._simple:
            columns[name] = convert(cells[place], block.plain, errors)
            self._note(errors, blame, place)
        if self._members:
            members = []
            for place, convert in self._members:
                members.append(convert(cells[place], block.plain, errors))
                self._note(errors, blame, place)
            columns["attributes"] = json_objects(members)
        note_missing_identity(columns, errors)
        if self._date_required and NULL in columns["occurred_at"]:
            for number, moment in enumerate(columns["occurred_at"]):
                if moment == NULL:
                    errors.setdefault(number, RejectCode.INVALID_DATE)
        return staged_rows(block, columns, errors, blame)

    def _note(self, errors: Errors, blame: dict[int, str], place: int) -> None:
        """Remember which column an error came from; there are few errors."""
        if len(errors) > len(blame):
            for number in errors.keys() - blame.keys():
                blame[number] = self._columns[place]


def simple_converters(reading: Reading) -> dict[str, Converter]:
    month_first = reading.country in MONTH_FIRST
    return {
        "phone": phone_converter(reading.country),
        "external_id": text_converter(200),
        "first_name": text_converter(200),
        "last_name": text_converter(200),
        "language": language_converter(),
        "country": country_converter(),
        "tags": Remembered(normal_tags),
        "consent.occurred_at": moment_converter(reading.zone, reading.now, month_first),
        "consent.ip": Remembered(normal_ip),
    }


def member_converters(reading: Reading, targets: Mapping[str, int]) -> list[tuple[int, Converter]]:
    month_first = reading.country in MONTH_FIRST
    comma = reading.country not in DECIMAL_POINT
    return [
        (
            targets[f"attributes.{field.key}"],
            field_converter(field, reading.zone, month_first=month_first, comma_decimal=comma),
        )
        for field in reading.fields
        if f"attributes.{field.key}" in targets
    ]


def json_objects(members: Sequence[list[str]]) -> list[str]:
    if len(members) == 1:
        return ["{" + member + "}" for member in members[0]]
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*members, strict=True)]


def note_missing_identity(columns: Mapping[str, list[str]], errors: Errors) -> None:
    keys = [columns[name] for name in KEYS if name in columns]
    if not all(NULL in column for column in keys):
        return
    for number, row in enumerate(zip(*keys, strict=True)):
        if all(key == NULL for key in row):
            errors.setdefault(number, RejectCode.MISSING_IDENTITY)


def staged_rows(block: Block, columns: dict[str, list[str]], errors: Errors, blame: Mapping[int, str]) -> StagedRows:
    lines = list(map("\t".join, zip(map(str, block.lines), *columns.values(), strict=True)))
    keys = {name: columns[name] for name in KEYS if name in columns}
    staged = StagedRows(["line", *columns], lines, keys, block.broken)
    if not errors:
        return staged
    rejects = [
        Reject(block.lines[number], code, kept_cells(block.rows[number]), column=blame.get(number, ""))
        for number, code in sorted(errors.items())
    ]
    rest = staged.kept([number not in errors for number in range(len(block.rows))])
    rest.rejects = sorted([*staged.rejects, *rejects], key=lambda reject: reject.line)
    return rest
