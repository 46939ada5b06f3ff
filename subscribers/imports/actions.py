"""Everything that changes an import, up to handing it to a worker; what the worker does is in `running`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import FieldProblem, InvalidInputError
from portal.jobs.actions import request_cancel, start_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.fields.models import Field
from subscribers.imports import queries
from subscribers.imports.declaring import (
    ImportEndedError,
    check_declaration,
    declaration_of,
    lock_uploaded,
    set_declaration,
)
from subscribers.imports.documents import add_document, checked_type, warnings_of
from subscribers.imports.files import digest_of, discard_file, file_format, guessed, safe_name
from subscribers.imports.mapping import mapping_problems, require_identity
from subscribers.imports.models import Import, ImportState, UpdateRule
from subscribers.imports.rules import Declaration
from subscribers.imports.saved_mappings import remember_mapping


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


def create_import(
    *,
    actor: Actor,
    organisation: Organisation,
    upload: UploadedFile,
    choice: ReadingChoice,
    declaration: Declaration,
    documents: Sequence[tuple[str, UploadedFile]] = (),
    dry_run: bool = False,
) -> Import:
    """Store a file with its origin and start reading it: what the API does in one request.

    ``documents``: pairs of DocumentKind and file. Raises UnreadableFileError (and its kinds), InvalidInputError and
    the errors of `add_document`; then nothing is kept.
    """
    actor.require(Capability.IMPORTS_RUN)
    now = timezone.now()
    for _kind, document in documents:
        checked_type(document)
    with transaction.atomic():
        source = new_import(actor, organisation, upload, choice, now)
        set_declaration(organisation, source, declaration, now)
        source.dry_run = dry_run
        store(source, upload)
        for kind, document in documents:
            add_document(actor=actor, source=source, kind=kind, upload=document)
        begin(actor, organisation, source, now)
    return source


def upload_file(*, actor: Actor, organisation: Organisation, upload: UploadedFile) -> Import:
    """Store a file and look into it; where it comes from is asked later. Raises UnreadableFileError."""
    actor.require(Capability.IMPORTS_RUN)
    now = timezone.now()
    with transaction.atomic():
        source = new_import(actor, organisation, upload, ReadingChoice(), now, identity_later=True)
        store(source, upload)
        audit.record(actor=actor, action="import.uploaded", target=source, organisation=organisation, at=now)
    return source


@transaction.atomic
def choose_reading(*, actor: Actor, source: Import, choice: ReadingChoice) -> None:
    """Change how an uploaded file is read. Raises ImportStartedError, InvalidInputError, UnreadableFileError."""
    actor.require(Capability.IMPORTS_RUN)
    source = lock_uploaded(source)
    with source.file.open("rb") as stream:
        apply_choice(source, cast("BinaryIO", stream), choice)
    source.save()
    audit.record(actor=actor, action="import.reading_chosen", target=source, details={"mapping": source.mapping})


@transaction.atomic
def declare_origin(*, actor: Actor, source: Import, declaration: Declaration) -> None:
    """Say where an uploaded file comes from. Raises ImportStartedError and InvalidInputError."""
    actor.require(Capability.IMPORTS_RUN)
    source = lock_uploaded(source)
    set_declaration(source.organisation, source, declaration, timezone.now())
    source.warnings = warnings_of(source)
    source.save()
    details = {"origin": source.origin_kind, "consents": source.consents}
    audit.record(actor=actor, action="import.origin_declared", target=source, details=details)


@transaction.atomic
def start_import(*, actor: Actor, source: Import, dry_run: bool) -> None:
    """Run an uploaded import, or one whose dry run has ended, whose counts then begin anew.

    Raises ImportStartedError, InvalidInputError, NoIdentityColumnError.
    """
    actor.require(Capability.IMPORTS_RUN)
    source = lock_uploaded(source)
    now = timezone.now()
    require_identity(source.mapping)
    check_declaration(source.organisation, source, declaration_of(source), now)
    forget_outcome(source)
    source.dry_run = dry_run
    begin(actor, source.organisation, source, now)


@transaction.atomic
def cancel_import(*, actor: Actor, source: Import) -> None:
    """Stop an import at its next checkpoint; what is merged by then stays. Raises ImportEndedError."""
    actor.require(Capability.IMPORTS_RUN)
    source = Import.objects.select_for_update(of=("self",)).select_related("job", "organisation").get(pk=source.pk)
    if source.state not in (ImportState.UPLOADED, ImportState.RUNNING, ImportState.PAUSED):
        raise ImportEndedError
    now = timezone.now()
    if source.job is not None and not source.job.ended:
        request_cancel(actor=actor, job=source.job, now=now)
    if source.job is None or source.job.ended:
        Import.objects.filter(pk=source.pk).update(state=ImportState.CANCELLED, finished_at=now)
        discard_file(source)
    audit.record(actor=actor, action="import.cancelled", target=source, at=now)


def download_rejects(*, actor: Actor, source: Import) -> Iterator[str]:
    """The rejected rows as CSV text; that somebody took them is noted, since they hold personal data."""
    actor.require(Capability.IMPORTS_RUN)
    details = {"rows": source.rows_rejected}
    audit.record(actor=actor, action="import.rejects_downloaded", target=source, details=details)
    return queries.rejects_csv(source)


def new_import(
    actor: Actor,
    organisation: Organisation,
    upload: UploadedFile,
    choice: ReadingChoice,
    now: datetime,
    *,
    identity_later: bool = False,
) -> Import:
    """An import as far as its file tells; nothing is stored yet."""
    source = Import(
        organisation=organisation,
        created_by_id=actor.user_id,
        file_name=safe_name(upload.name),
        file_size=upload.size or 0,
        file_digest=digest_of(upload),
        created_at=now,
    )
    apply_choice(source, cast("BinaryIO", upload), choice, identity_later=identity_later)
    return source


def store(source: Import, upload: UploadedFile) -> None:
    """Keep the file and its row, or neither."""
    upload.seek(0)
    source.file.save(f"{source.organisation_id}.csv", upload, save=False)
    try:
        source.save()
    except Exception:
        source.file.delete(save=False)
        raise


def apply_choice(source: Import, stream: BinaryIO, choice: ReadingChoice, *, identity_later: bool = False) -> None:
    file = file_format(stream, source.file_size, encoding=choice.encoding, delimiter=choice.delimiter)
    if choice.mapping is None:
        mapping = guessed(stream, file)
    else:
        problems = mapping_problems(choice.mapping, file.columns, Field.objects.values_list("key", flat=True))
        if problems:
            raise InvalidInputError(errors=problems)
        mapping = {column: choice.mapping.get(column) for column in file.columns}
    # A page goes on to ask which column it is; a program is told at once. One column can be nothing else.
    if not identity_later or len(file.columns) == 1:
        require_identity(mapping)
    if choice.update_rule not in UpdateRule.values:
        detail = _("This is not one of the ways to update.")
        raise InvalidInputError(errors=[FieldProblem(("options", "update"), "invalid_value", detail)])
    source.encoding, source.delimiter = file.encoding, file.delimiter
    source.columns, source.mapping = list(file.columns), mapping
    source.update_rule = choice.update_rule


def forget_outcome(source: Import) -> None:
    """Set the counts of a dry run back to nothing."""
    source.rejects.all().delete()
    for name in ("read", "created", "updated", "unchanged", "rejected", "duplicate", "suppressed"):
        setattr(source, f"rows_{name}", 0)
    source.rejects_by_code, source.stage_counts, source.error_code = {}, {}, ""
    source.started_at = source.finished_at = None


def begin(actor: Actor, organisation: Organisation, source: Import, now: datetime) -> None:
    from subscribers.imports.tasks import run_import

    source.state = ImportState.UPLOADED
    source.warnings = warnings_of(source)
    source.job = start_job(actor=actor, organisation=organisation, task=run_import, target_id=source.pk)
    source.save()
    details = {
        "dry_run": source.dry_run,
        "origin": source.origin_kind,
        "consents": source.consents,
        "digest": bytes(source.file_digest).hex(),
        "warnings": source.warnings,
    }
    if not source.dry_run:
        remember_mapping(source, now)
    audit.record(
        actor=actor, action="import.started", target=source, details=details, organisation=organisation, at=now
    )
