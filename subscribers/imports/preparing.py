"""An upload made ready to be run: stored, looked into, its columns guessed or checked against what somebody chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from secrets import token_hex
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.uploads import SealedUpload
from subscribers.fields.models import Field
from subscribers.imports.columns.guessing import guess_dates, guess_mapping
from subscribers.imports.columns.mapping import mapping_problems, require_identity
from subscribers.imports.columns.presets import PRESETS, recognised_preset
from subscribers.imports.columns.sensitive import sensitive_columns, sensitive_problems
from subscribers.imports.files import (
    TABLE,
    file_format,
    keep_table,
    new_sealed_file,
    open_original,
    open_table,
    safe_name,
    table_size,
)
from subscribers.imports.formats.tables import HURRIED, MOST_WHILE_WAITING, THOROUGH, Maker, is_quick
from subscribers.imports.models import DateOrder, FileKind, Import, UpdateRule
from subscribers.imports.passport.declaring import check_declaration, declaration_of
from subscribers.imports.passport.saved_mappings import take_up_saved_mapping
from subscribers.imports.reading.dialects import known_delimiter
from subscribers.imports.reading.encodings import known_encoding
from subscribers.imports.reading.streaming import preview_rows

ROWS_FOR_GUESSING = 200
RECORDS = (FileKind.JSON, FileKind.NDJSON, FileKind.VCARD)
# What `prepare` sets.
PREPARED = (
    "file_kind", "parts", "part", "table", "table_size", "choice", "encoding", "delimiter", "quote", "header",
    "skipped_lines", "date_order", "doubts", "preset", "sensitive", "cleared", "reject_flags", "mapping", "columns",
    "update_rule",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingChoice:
    """How a file is to be read; what is None is detected or guessed."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    skipped_lines: int | None = None
    part: str | None = None
    preset: str | None = None
    date_order: str | None = None
    mapping: Mapping[str, str | None] | None = None
    update_rule: str = UpdateRule.FILL
    reject_flags: Sequence[str] = ()
    cleared: Mapping[str, str] = field(default_factory=dict)


def new_import(actor: Actor, organisation: Organisation, upload: SealedUpload, now: datetime) -> Import:
    """The row of an import whose file has come; it is not stored yet."""
    return Import.objects.create(
        organisation=organisation,
        created_by_id=actor.user_id,
        file_name=safe_name(upload.name),
        file_size=upload.size or 0,
        file_digest=upload.sha256,
        created_at=now,
    )


def is_prepared(source: Import) -> bool:
    """Has the file been looked into? Until then it has no columns."""
    return bool(source.columns)


def prepare(
    source: Import,
    choice: ReadingChoice,
    *,
    identity_later: bool = False,
    report: Callable[[int], None] | None = None,
) -> None:
    """Turn the stored file into a table if it is none, and set what was found in it and chosen; the row is not saved.

    ``report`` is told how many bytes are done; without it somebody waits, and there are tighter bounds.
    Raises UnreadableFileError (and its kinds) and InvalidInputError.
    """
    check_choice(choice)
    make_table(source, choice.part or "", report)
    rows = look_into(source, choice)
    source.update_rule = choice.update_rule
    source.reject_flags, source.cleared = list(choice.reject_flags), dict(choice.cleared)
    set_mapping(source, rows, choice)
    set_preset(source, choice.preset)
    set_date_order(source, rows, choice.date_order)
    if identity_later and choice.mapping is None:
        take_up_saved_mapping(source)
    # A page goes on to ask which column it is; a program is told at once. One column can be nothing else.
    if not identity_later or len(source.columns) == 1:
        require_identity(source.mapping)
    require_harmless(source)
    source.choice = {}


def check_choice(choice: ReadingChoice) -> None:
    """InvalidInputError and its like for what no file can mend."""
    if choice.update_rule not in UpdateRule.values:
        detail = _("This is not one of the ways to update.")
        raise InvalidInputError(errors=[FieldProblem(("options", "update"), "invalid_value", detail)])
    if choice.date_order not in (None, "", *DateOrder.values):
        detail = _("This is not one of the ways to write dates.")
        raise InvalidInputError(errors=[FieldProblem(("options", "date_order"), "invalid_value", detail)])
    if choice.encoding:
        known_encoding(choice.encoding)
    if choice.delimiter:
        known_delimiter(choice.delimiter)


def make_table(source: Import, part: str, report: Callable[[int], None] | None) -> None:
    """Unpack and convert the file, unless that is done for this part of it. Doubts begin anew."""
    known = is_prepared(source) and part in ("", source.part)
    if known:
        source.doubts = ["part"] if "part" in source.doubts and not part else []
        return
    waits = report is None
    most = settings.ACCORD.upload_limit
    maker = Maker(
        new_file=lambda: new_sealed_file(source, f"{TABLE}-{token_hex(4)}"),
        report=report,
        limits=HURRIED if waits else THOROUGH,
        most_bytes=min(most, MOST_WHILE_WAITING) if waits else most,
        most_columns=settings.ACCORD.import_columns_limit,
    )
    with open_original(source) as stream:
        table = maker.table_of(stream, source.file_size, part)
    source.file_kind, source.parts, source.part = table.kind, table.parts, table.part[:200]
    source.doubts = ["part"] if table.doubtful else []
    source.header = table.named
    keep_table(source, table.file)


def look_into(source: Import, choice: ReadingChoice) -> list[list[str]]:
    """How the table is written, as detected or chosen, and its first rows."""
    with open_table(source) as stream:
        file = file_format(stream, table_size(source), **dialect_of(source, choice))
        rows = preview_rows(stream, file, ROWS_FOR_GUESSING)
    source.encoding, source.delimiter, source.quote = file.encoding, file.delimiter, file.quote
    source.header, source.skipped_lines = file.header, file.skipped
    source.columns = list(file.columns)
    source.doubts = [*source.doubts, *file.doubts]
    return rows


def dialect_of(source: Import, choice: ReadingChoice) -> dict[str, Any]:
    """What is given of a dialect: nearly all of it for a table we wrote ourselves, else what somebody chose."""
    rows = {"header": choice.header, "skipped": choice.skipped_lines}
    if source.file_kind == FileKind.CSV:
        return rows | {"encoding": choice.encoding, "delimiter": choice.delimiter, "quote": choice.quote}
    ours = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "folded": True}
    # The first row of a table made of records names its columns, and cannot be anything else.
    named = source.file_kind in RECORDS and source.header
    return ours | ({"header": True, "skipped": 0} if named else rows)


def set_mapping(source: Import, rows: Sequence[Sequence[str]], choice: ReadingChoice) -> None:
    source.sensitive = sensitive_columns(source.columns, rows)
    fields = dict(Field.objects.values_list("key", "label"))
    # Tools name the files inside their archives after what is in them.
    name = f"{source.file_name} {source.part}".strip()
    if choice.mapping is None:
        guess = guess_mapping(source.columns, rows, fields, name)
        source.mapping, source.preset = guess.mapping, guess.preset
        source.doubts = [*source.doubts, *guess.doubts]
        return
    problems = mapping_problems(choice.mapping, source.columns, fields)
    if problems:
        raise InvalidInputError(errors=problems)
    source.mapping = {column: choice.mapping.get(column) for column in source.columns}
    # Who maps the columns by hand has said nothing about the people: a file of those who left stays one.
    source.preset = source.preset or recognised_preset(source.columns, rows, name)


def set_date_order(source: Import, rows: Sequence[Sequence[str]], chosen: str | None) -> None:
    """How days are written: as somebody said, else as the values of all columns with dates tell."""
    if chosen is not None:
        source.date_order = chosen
        return
    source.date_order, sure = guess_dates(source.columns, rows)
    if not sure:
        source.doubts = [*source.doubts, "date_order"]


def require_harmless(source: Import) -> None:
    """InvalidInputError where a column that looks sensitive is mapped, and nobody has written down why it may be."""
    problems = sensitive_problems(source.mapping, source.sensitive, source.cleared)
    if problems:
        raise InvalidInputError(errors=problems)


def set_preset(source: Import, preset: str | None) -> None:
    """Somebody says which kind of a tool's exports this is."""
    if preset is None or preset == source.preset:
        return
    if preset not in PRESETS:
        detail = _("This is not one of the tools whose exports are known.")
        raise InvalidInputError(errors=[FieldProblem(("options", "preset"), "invalid_value", detail)])
    source.preset = preset
    source.doubts = [doubt for doubt in source.doubts if doubt != "preset"]


def needs_a_job(source: Import, choice: ReadingChoice) -> bool:
    """Does it take so long to turn the file into a table that nobody should wait for it?"""
    if is_prepared(source) and choice.part in (None, "", source.part):
        return False
    with open_original(source) as stream:
        return not is_quick(stream, source.file_size)


def prepare_later(source: Import, choice: ReadingChoice) -> None:
    """Keep what was chosen until a job has turned the file into a table; the row is not saved."""
    check_choice(choice)
    if choice.mapping is not None:
        require_identity(choice.mapping)
    source.choice = asdict(choice)
    source.columns, source.mapping = [], dict(choice.mapping or {})


def read_file(run: JobRun) -> dict[str, Any]:
    """The job that turns a large file into a table. Killed anywhere, it starts anew."""
    source = Import.objects.select_related("organisation").get(pk=run.job.target_id)
    prepare_in(run, source, identity_later=True)
    # From here on it is an upload like any other.
    Import.objects.filter(pk=source.pk, job=run.job).update(job=None)
    return {"columns": len(source.columns)}


def prepare_in(run: JobRun, source: Import, *, identity_later: bool = False) -> None:
    """Prepare a file that nobody has looked into yet, as part of a job. Raises what :func:`prepare` does."""
    if is_prepared(source):
        return
    with translation.override(run.organisation.locale):
        prepare(
            source, ReadingChoice(**source.choice), identity_later=identity_later, report=Progress(run, source).report
        )
    if not identity_later:
        check_declaration(run.organisation, source, declaration_of(source), source.created_at)
    with transaction.atomic():
        run.save()
        source.save(update_fields=PREPARED)


class Progress:
    """Says once a second how far a conversion has come, in bytes; a cancelled job stops there."""

    def __init__(self, run: JobRun, source: Import) -> None:
        self._run, self._expected = run, source.file_size
        self._told = monotonic()

    def report(self, done: int) -> None:
        if monotonic() - self._told >= 1:
            self._told = monotonic()
            # Unpacked, a file is larger than it came.
            self._run.save(done=done, expected=max(self._expected, done))
