"""An upload made ready to be run: stored, looked into, its columns guessed or checked against what somebody chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.uploads import SealedUpload
from subscribers.fields.models import Field
from subscribers.imports.files import file_format, open_table, safe_name, table_size
from subscribers.imports.mapping import guess_mapping, mapping_problems, require_identity
from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.reading import preview_rows
from subscribers.imports.saved_mappings import take_up_saved_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingChoice:
    """How a file is to be read; what is None is detected or guessed."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    skipped_lines: int | None = None
    part: str | None = None
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


def prepare(source: Import, choice: ReadingChoice, *, identity_later: bool = False) -> None:
    """Look into the stored file and set what was found and chosen; the row is not saved.

    Raises UnreadableFileError (and its kinds) and InvalidInputError.
    """
    if choice.update_rule not in UpdateRule.values:
        detail = _("This is not one of the ways to update.")
        raise InvalidInputError(errors=[FieldProblem(("options", "update"), "invalid_value", detail)])
    source.update_rule = choice.update_rule
    with open_table(source) as stream:
        file = file_format(stream, table_size(source), encoding=choice.encoding, delimiter=choice.delimiter)
        rows = preview_rows(stream, file)
    source.encoding, source.delimiter = file.encoding, file.delimiter
    source.columns = list(file.columns)
    set_mapping(source, rows, choice)
    if identity_later and choice.mapping is None:
        take_up_saved_mapping(source)
    # A page goes on to ask which column it is; a program is told at once. One column can be nothing else.
    if not identity_later or len(file.columns) == 1:
        require_identity(source.mapping)


def set_mapping(source: Import, rows: Sequence[Sequence[str]], choice: ReadingChoice) -> None:
    fields = dict(Field.objects.values_list("key", "label"))
    if choice.mapping is None:
        guess = guess_mapping(source.columns, rows, fields, source.file_name)
        source.mapping, source.doubts, source.preset = guess.mapping, guess.doubts, guess.preset
        return
    problems = mapping_problems(choice.mapping, source.columns, fields)
    if problems:
        raise InvalidInputError(errors=problems)
    source.mapping = {column: choice.mapping.get(column) for column in source.columns}
