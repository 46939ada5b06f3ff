"""Rows of a file to rows of the staging table, and those that cannot be to rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import compress

from subscribers.contacts.normalising import DomainBook
from subscribers.contacts.values import MONTH_FIRST
from subscribers.imports.converting import (
    NULL,
    Converter,
    Errors,
    FieldLike,
    PhoneConverter,
    Remembered,
    convert_emails,
    country_converter,
    field_converter,
    language_converter,
    moment_converter,
    normal_hash,
    normal_ip,
    normal_tags,
    purpose_converter,
    text_converter,
)
from subscribers.imports.problems import RejectCode
from subscribers.imports.reading import Block, Reject, kept_cells
from subscribers.imports.statuses import PRESET_SAID, STOPS, Said, StatusColumn, StatusReader

KEYS = ("email_key", "phone", "external_id")
HASHES = ("sha256", "md5")
STAGED_NAMES = {
    "consent.occurred_at": "occurred_at",
    "consent.ip": "ip",
    "consent.withdrawn_at": "stopped_at",
    "consent.form_url": "form_url",
    "consent.text": "consent_text",
    "consent.purpose": "purposes",
    "suppression.sha256": "sha256",
    "suppression.md5": "md5",
}
IDENTIFYING = frozenset(("email", "phone", "external_id", "suppression.sha256", "suppression.md5"))
LONGEST_WORDING = 10_000
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
    date_order: str = ""
    preset: str = ""
    claimed: Sequence[tuple[str, str]] = ()  # purpose and channel, as the file as a whole claims them
    reject_flags: Sequence[str] = ()

    @property
    def order(self) -> str:
        """How the days of the file are written: as somebody said or found out, else as in the country."""
        return self.date_order or ("mdy" if self.country in MONTH_FIRST else "dmy")


@dataclass(slots=True)
class StagedRows:
    """Valid rows, column by column, as cells of COPY text, and the rejects among them.

    The keys of `columns` are columns of the staging table, the line of each row first. `stops` tells which rows are
    opt-outs, and is empty when the file cannot hold any. `flags` counts rows by flag, `slips` holds domain -> (the one
    that is probably meant, rows).
    """

    columns: dict[str, list[str]]
    rejects: list[Reject]
    stops: list[bool] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    slips: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["line"])

    @property
    def keys(self) -> dict[str, list[str]]:
        """The identities of the rows, by name."""
        return {name: self.columns[name] for name in KEYS if name in self.columns}

    def kept(self, keep: Sequence[bool]) -> StagedRows:
        """Only the rows for which `keep` says so; flags go on counting all of them."""
        columns = {name: list(compress(cells, keep)) for name, cells in self.columns.items()}
        return StagedRows(columns, self.rejects, list(compress(self.stops, keep)), self.flags, self.slips)

    def copy_text(self) -> str:
        return "".join([line + "\n" for line in map("\t".join, zip(*self.columns.values(), strict=True))])


def joined(parts: Sequence[StagedRows]) -> StagedRows:
    """The rows of several blocks of one file."""
    columns = {name: [cell for part in parts for cell in part.columns[name]] for name in parts[0].columns}
    rejects = [reject for part in parts for reject in part.rejects]
    stops = [stop for part in parts for stop in part.stops]
    flags: Counter[str] = Counter()
    slips: dict[str, tuple[str, int]] = {}
    for part in parts:
        flags.update(part.flags)
        for domain, (suggestion, rows) in part.slips.items():
            slips[domain] = (suggestion, slips.get(domain, ("", 0))[1] + rows)
    return StagedRows(columns, rejects, stops, dict(flags), slips)


class RowValidator:
    """Converters made once for a file, then applied to block after block."""

    def __init__(self, reading: Reading) -> None:
        places = {column: place for place, column in enumerate(reading.columns)}
        targets = {target: places[column] for column, target in reading.mapping.items() if target}
        self._columns = reading.columns
        self._targets = [reading.mapping.get(column) for column in reading.columns]
        self._date_required = reading.date_required and "consent.occurred_at" in targets
        self._email = targets.pop("email", None)
        self._book = DomainBook()
        simple = simple_converters(reading)
        self._simple: list[tuple[str, int, Converter]] = [
            (STAGED_NAMES.get(target, target), place, simple[target]())
            for target, place in targets.items()
            if target in simple
        ]
        self._members = member_converters(reading, targets)
        self._statuses, self._status_places = status_reader(reading, places)
        self._said = None if self._status_places else PRESET_SAID.get(reading.preset)

    @property
    def column_names(self) -> list[str]:
        """The columns of the staging table that a file of this mapping fills."""
        names = ["line", *(["email", "email_key"] if self._email is not None else [])]
        names += [name for name, _place, _converter in self._simple]
        names += self._statuses.names + (["said"] if self._said else [])
        return names + (["attributes"] if self._members else [])

    def validate(self, block: Block) -> StagedRows:
        """The rows of a block that can be staged; the first problem of each other row becomes its reject."""
        if not block.rows:
            return StagedRows({name: [] for name in self.column_names}, list(block.broken))
        cells = list(zip(*block.rows, strict=True))
        errors: Errors = {}
        blame: dict[int, int] = {}
        columns: dict[str, list[str]] = {}
        if self._email is not None:
            columns["email"], columns["email_key"] = convert_emails(cells[self._email], errors, self._book)
            note(errors, blame, self._email)
        for name, place, convert in self._simple:
            columns[name] = convert(cells[place], block.plain, errors)
            note(errors, blame, place)
        if self._status_places:
            wrong: dict[int, int] = {}
            columns |= self._statuses.read([cells[place] for place in self._status_places], errors, wrong)
            blame |= {number: self._status_places[place] for number, place in wrong.items()}
        elif self._said:
            columns["said"] = [self._said.value] * len(block.rows)
        if self._members:
            members = []
            for place, convert in self._members:
                members.append(convert(cells[place], block.plain, errors))
                note(errors, blame, place)
            columns["attributes"] = json_objects(members)
        stops = stopping_rows(columns)
        if stops and errors:
            self._forgive(errors, blame, stops)
        note_missing_identity(columns, errors)
        if self._date_required and NULL in columns["occurred_at"]:
            note_missing_dates(columns, stops, errors)
        return self._staged(block, columns, errors, blame, stops)

    def _forgive(self, errors: Errors, blame: dict[int, int], stops: Sequence[bool]) -> None:
        """An opt-out is not lost over a wrong postcode: only who it is about must be right."""
        for number in [number for number in errors if stops[number]]:
            if self._targets[blame[number]] not in IDENTIFYING:
                del errors[number]

    def _staged(
        self, block: Block, columns: dict[str, list[str]], errors: Errors, blame: Mapping[int, int], stops: list[bool]
    ) -> StagedRows:
        staged = StagedRows({"line": list(map(str, block.lines)), **columns}, block.broken, stops)
        if not errors:
            return staged
        rejects = [
            Reject(block.lines[number], code, kept_cells(block.rows[number]), column=self._column(blame, number))
            for number, code in sorted(errors.items())
        ]
        rest = staged.kept([number not in errors for number in range(len(block.rows))])
        rest.rejects = sorted([*staged.rejects, *rejects], key=lambda reject: reject.line)
        return rest

    def _column(self, blame: Mapping[int, int], number: int) -> str:
        return self._columns[blame[number]] if number in blame else ""


def note(errors: Errors, blame: dict[int, int], place: int) -> None:
    """Remember which column an error came from; there are few errors."""
    if len(errors) > len(blame):
        for number in errors.keys() - blame.keys():
            blame[number] = place


def status_reader(reading: Reading, places: Mapping[str, int]) -> tuple[StatusReader, list[int]]:
    """What reads the status columns of a file together, and which they are, that of the channels last."""
    named = [column for column, target in reading.mapping.items() if target == "consent.status"]
    listing = [column for column, target in reading.mapping.items() if target == "consent.channel"]
    reader = StatusReader(
        columns=[StatusColumn.named(column) for column in named],
        lists_channels=bool(listing),
        claimed=list(dict.fromkeys(channel for _purpose, channel in reading.claimed)),
    )
    return reader, [places[column] for column in (*named, *listing)]


def stopping_rows(columns: Mapping[str, list[str]]) -> list[bool]:
    """Which rows are opt-outs: by their status, by a date of withdrawal, or because only a hash is left of them."""
    marks = [columns[name] for name in ("stopped_at", *HASHES) if name in columns]
    if "said" not in columns and not marks:
        return []
    stops = [said in STOPS for said in columns["said"]] if "said" in columns else [False] * len(marks[0])
    for column in marks:
        stops = [stop or cell != NULL for stop, cell in zip(stops, column, strict=True)]
    return stops


def simple_converters(reading: Reading) -> dict[str, Callable[[], Converter]]:
    """How the converter of each target is made."""

    def moments() -> Converter:
        return moment_converter(reading.zone, reading.now, reading.order)

    return {
        "phone": lambda: PhoneConverter(reading.country),
        "external_id": lambda: text_converter(200),
        "first_name": lambda: text_converter(200),
        "last_name": lambda: text_converter(200),
        "language": language_converter,
        "country": country_converter,
        "tags": lambda: Remembered(normal_tags),
        "consent.occurred_at": moments,
        "consent.withdrawn_at": moments,
        "consent.ip": lambda: Remembered(normal_ip),
        "consent.form_url": lambda: text_converter(2000),
        "consent.text": lambda: text_converter(LONGEST_WORDING),
        "consent.purpose": lambda: purpose_converter({purpose for purpose, _channel in reading.claimed}),
        "suppression.sha256": lambda: Remembered(normal_hash(64)),
        "suppression.md5": lambda: Remembered(normal_hash(32)),
    }


def member_converters(reading: Reading, targets: Mapping[str, int]) -> list[tuple[int, Converter]]:
    comma = reading.country not in DECIMAL_POINT
    return [
        (
            targets[f"attributes.{field.key}"],
            field_converter(field, reading.zone, order=reading.order, comma_decimal=comma),
        )
        for field in reading.fields
        if f"attributes.{field.key}" in targets
    ]


def json_objects(members: Sequence[list[str]]) -> list[str]:
    if len(members) == 1:
        return ["{" + member + "}" for member in members[0]]
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*members, strict=True)]


def note_missing_identity(columns: Mapping[str, list[str]], errors: Errors) -> None:
    keys = [columns[name] for name in (*KEYS, *HASHES) if name in columns]
    if not all(NULL in column for column in keys):
        return
    for number, row in enumerate(zip(*keys, strict=True)):
        if all(key == NULL for key in row):
            errors.setdefault(number, RejectCode.MISSING_IDENTITY)


def note_missing_dates(columns: Mapping[str, list[str]], stops: Sequence[bool], errors: Errors) -> None:
    """A claimed consent needs its day; a row that claims none does not."""
    said = columns.get("said")
    for number, moment in enumerate(columns["occurred_at"]):
        if moment == NULL and not (stops and stops[number]) and not (said and said[number] == Said.NONE):
            errors.setdefault(number, RejectCode.INVALID_DATE)
