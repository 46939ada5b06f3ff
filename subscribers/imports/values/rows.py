"""Rows of a file to rows of the staging table, and those that cannot be to rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import compress, pairwise
from typing import TypeVar

from subscribers.contacts.values import MONTH_FIRST
from subscribers.imports.columns.statuses import PRESET_SAID, STOPS, Said, StatusColumn, StatusReader
from subscribers.imports.passport.periods import Period
from subscribers.imports.problems import MISSING_DATE, VALUE_DETAILS, RejectCode
from subscribers.imports.reading.streaming import Block, Reject, kept_cells
from subscribers.imports.values.asking import Asking
from subscribers.imports.values.converting import (
    NULL,
    Converter,
    Errors,
    FieldLike,
    PhoneConverter,
    Remembered,
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
from subscribers.imports.values.emails import EmailConverter
from subscribers.imports.values.flags import FLAG_DETAILS, Flag, meant_domain

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
T = TypeVar("T")
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
    periods: Sequence[Period] = ()  # when the collection point asked; empty when the file names none
    collected_at: datetime | None = None  # what counts for a row without a date of its own

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

    def without(self, numbers: Collection[int]) -> StagedRows:
        """All but the rows of these numbers: the same as `kept` where most of them are."""
        if not numbers:
            return self
        spans = spans_between(sorted(numbers), len(self))
        columns = {name: cells_of_spans(cells, spans) for name, cells in self.columns.items()}
        return StagedRows(columns, self.rejects, cells_of_spans(self.stops, spans), self.flags, self.slips)

    def picked(self, numbers: Sequence[int]) -> StagedRows:
        """Only the rows of these numbers: the same as `kept` where they are few."""
        columns = {name: [cells[number] for number in numbers] for name, cells in self.columns.items()}
        stops = [self.stops[number] for number in numbers] if self.stops else []
        return StagedRows(columns, self.rejects, stops, self.flags, self.slips)

    def copy_text(self) -> str:
        return "\n".join([*map("\t".join, zip(*self.columns.values(), strict=True)), ""])


def spans_between(numbers: Sequence[int], count: int) -> list[slice]:
    """What lies between these numbers, in their order."""
    return [slice(before + 1, number) for before, number in pairwise((-1, *numbers, count)) if number - before > 1]


def cells_of_spans(cells: Sequence[T], spans: Sequence[slice]) -> list[T]:
    """A copy of the spans: whole ones, nobody asks about each cell."""
    found: list[T] = []
    for span in spans:
        found += cells[span]
    return found


def joined(parts: Sequence[StagedRows]) -> StagedRows:
    """The rows of several blocks of one file."""
    columns: dict[str, list[str]] = {name: [] for name in parts[0].columns}
    for part in parts:
        for name, cells in part.columns.items():
            columns[name] += cells
    rejects = [reject for part in parts for reject in part.rejects]
    stops = [stop for part in parts for stop in part.stops]
    flags: Counter[str] = Counter()
    slips: dict[str, tuple[str, int]] = {}
    for part in parts:
        flags.update(part.flags)
        for domain, (suggestion, rows) in part.slips.items():
            slips[domain] = (suggestion, slips.get(domain, ("", 0))[1] + rows)
    return StagedRows(columns, rejects, stops, dict(flags), slips)


@dataclass(slots=True)
class Findings:
    """What is wrong or odd about the rows of a block, by their number, and the place of the column that says so."""

    errors: Errors = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    details: dict[int, str] = field(default_factory=dict)
    flagged: dict[int, Flag] = field(default_factory=dict)

    def blame(self, place: int) -> None:
        """Remember which column the newest errors came from; there are few errors."""
        if len(self.errors) > len(self.places):
            for number in self.errors.keys() - self.places.keys():
                self.places[number] = place

    def add(self, number: int, code: RejectCode, *, place: int = -1, detail: str = "") -> None:
        """An error of a row, unless it has one already."""
        if number not in self.errors:
            self.errors[number], self.places[number], self.details[number] = code, place, detail


class RowValidator:
    """Converters made once for a file, then applied to block after block."""

    def __init__(self, reading: Reading) -> None:
        places = {column: place for place, column in enumerate(reading.columns)}
        targets = {target: places[column] for column, target in reading.mapping.items() if target}
        self._reading = reading
        self._targets = [reading.mapping.get(column) or "" for column in reading.columns]
        self._date_required = reading.date_required and "consent.occurred_at" in targets
        self._email = targets.get("email")
        self._emails = EmailConverter()
        converters = simple_converters(reading)
        self._simple: list[tuple[str, int, Converter]] = [
            (STAGED_NAMES.get(target, target), targets[target], converters[target]())
            for target in converters
            if target in targets
        ]
        self._members = member_converters(reading, targets)
        self._statuses, self._status_places = status_reader(reading, places)
        self._said = None if self._status_places else PRESET_SAID.get(reading.preset)
        dates = targets.get("consent.occurred_at")
        # A date that is that of the whole file has been looked at before.
        self._asking = Asking(reading, place=dates) if reading.periods and dates is not None else None

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
        found = Findings()
        columns = self._converted(block, found)
        stops = stopping_rows(columns)
        if stops and found.errors:
            self._forgive(found, stops)
        note_missing_identity(columns, found)
        if self._date_required and NULL in columns["occurred_at"]:
            note_missing_dates(columns, stops, found)
        if self._asking is not None:
            self._asking.note(columns, stops, found)
        flags, slips = self._counted_flags(columns, stops, found) if found.flagged else ({}, {})
        staged = StagedRows({"line": list(map(str, block.lines)), **columns}, block.broken, stops, flags, slips)
        if not found.errors:
            return staged
        rest = staged.without(found.errors)
        rest.rejects = sorted([*block.broken, *self._rejects(block, found)], key=lambda reject: reject.line)
        return rest

    def _converted(self, block: Block, found: Findings) -> dict[str, list[str]]:
        """The staged columns of a block, with NULL where a cell could not be read."""
        cells: list[Sequence[str]] = list(zip(*block.rows, strict=True))
        columns: dict[str, list[str]] = {}
        if self._email is not None:
            emails = self._emails.convert(cells[self._email], found.errors, found.flagged)
            columns["email"], columns["email_key"] = emails
            found.blame(self._email)
        for name, place, convert in self._simple:
            if isinstance(convert, PhoneConverter) and "country" in columns:
                columns[name] = convert.convert(cells[place], columns["country"], found.errors)
            else:
                columns[name] = convert(cells[place], block.plain, found.errors)
            found.blame(place)
        columns |= self._said_columns(cells, len(block.rows), found)
        if self._members:
            members = []
            for place, convert in self._members:
                members.append(convert(cells[place], block.plain, found.errors))
                found.blame(place)
            columns["attributes"] = json_objects(members)
        return columns

    def _said_columns(self, cells: Sequence[Sequence[str]], rows: int, found: Findings) -> dict[str, list[str]]:
        """What each row says about being written to."""
        if not self._status_places:
            return {"said": [self._said.value] * rows} if self._said else {}
        wrong: dict[int, int] = {}
        columns = self._statuses.read([cells[place] for place in self._status_places], wrong)
        for number, which in wrong.items():
            found.add(number, RejectCode.INVALID_VALUE, place=self._status_places[which])
        return columns

    def _forgive(self, found: Findings, stops: Sequence[bool]) -> None:
        """An opt-out is not lost over a wrong postcode: only who it is about must be right."""
        for number in [number for number in found.errors if stops[number]]:
            if self._targets[found.places[number]] not in IDENTIFYING:
                del found.errors[number]

    def _counted_flags(
        self, columns: Mapping[str, list[str]], stops: Sequence[bool], found: Findings
    ) -> tuple[dict[str, int], dict[str, tuple[str, int]]]:
        """Rows by flag, and slips by domain; rows whose flag rejects become errors. An opt-out stays one."""
        flags: Counter[str] = Counter()
        slips: Counter[str] = Counter()
        for number, flag in found.flagged.items():
            if number in found.errors or (stops and stops[number]):
                continue
            if flag in self._reading.reject_flags:
                found.add(number, RejectCode.INVALID_EMAIL, place=self._email or 0, detail=FLAG_DETAILS[flag])
                continue
            flags[flag.value] += 1
            if flag is Flag.PROBABLE_TYPO:
                slips[columns["email_key"][number].rpartition("@")[2]] += 1
        return dict(flags), {domain: (meant_domain(domain), rows) for domain, rows in slips.items()}

    def _rejects(self, block: Block, found: Findings) -> list[Reject]:
        return [self._reject(block, number, found) for number in sorted(found.errors)]

    def _reject(self, block: Block, number: int, found: Findings) -> Reject:
        code, place = found.errors[number], found.places.get(number, -1)
        target = self._targets[place] if place >= 0 else ""
        detail = found.details.get(number) or (
            VALUE_DETAILS.get(target, "") if code == RejectCode.INVALID_VALUE else ""
        )
        column = self._reading.columns[place] if place >= 0 else ""
        return Reject(block.lines[number], code, kept_cells(block.rows[number]), detail=detail, column=column)


def status_reader(reading: Reading, places: Mapping[str, int]) -> tuple[StatusReader, list[int]]:
    """What reads the status columns of a file together, and which they are, that of the channels last."""
    named = [column for column, target in reading.mapping.items() if target == "consent.status"]
    listing = [column for column, target in reading.mapping.items() if target == "consent.channel"]
    reader = StatusReader(
        columns=[StatusColumn.named(column, reading.preset) for column in named],
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
        "external_id": lambda: text_converter(200),
        "first_name": lambda: text_converter(200),
        "last_name": lambda: text_converter(200),
        "language": language_converter,
        "country": country_converter,
        "phone": lambda: PhoneConverter(reading.country),  # after the country, which it asks
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
    """The members of each row as one object; those that are empty are left out."""
    if len(members) == 1:
        return ["{" + member + "}" for member in members[0]]
    if any("" in column for column in members):
        return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*members, strict=True)]
    return ["{" + row + "}" for row in map(",".join, zip(*members, strict=True))]


def note_missing_identity(columns: Mapping[str, list[str]], found: Findings) -> None:
    keys = [columns[name] for name in (*KEYS, *HASHES) if name in columns]
    if not all(NULL in column for column in keys):
        return
    if len(keys) == 1:
        for number in [number for number, key in enumerate(keys[0]) if key == NULL]:
            found.add(number, RejectCode.MISSING_IDENTITY)
        return
    for number, row in enumerate(zip(*keys, strict=True)):
        if all(key == NULL for key in row):
            found.add(number, RejectCode.MISSING_IDENTITY)


def note_missing_dates(columns: Mapping[str, list[str]], stops: Sequence[bool], found: Findings) -> None:
    """A claimed consent needs its day; a row that claims none does not."""
    said = columns.get("said")
    for number, moment in enumerate(columns["occurred_at"]):
        if moment == NULL and not (stops and stops[number]) and not (said and said[number] == Said.NONE):
            found.add(number, RejectCode.INVALID_DATE, detail=MISSING_DATE)
