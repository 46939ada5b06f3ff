"""Everything that changes an import, up to handing it to a worker; what the worker does is in `running`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.errors import NotFoundError
from portal.jobs.actions import request_cancel, request_pause, resume_job, start_job
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.imports import queries
from subscribers.imports.columns.mapping import require_identity
from subscribers.imports.files import discard_file, received, stored_with
from subscribers.imports.lanes import lane_of
from subscribers.imports.merging.outcomes import outcome_csv
from subscribers.imports.models import Import, ImportState
from subscribers.imports.passport.declaring import (
    ImportEndedError,
    check_declaration,
    declaration_of,
    lock_uploaded,
    set_declaration,
)
from subscribers.imports.passport.documents import add_document, checked_type, warnings_of
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.passport.saved_mappings import remember_mapping
from subscribers.imports.preparing import ReadingChoice, needs_a_job, new_import, prepare, prepare_later


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
    sealed = received(upload)
    with transaction.atomic(), stored_with(source := new_import(actor, organisation, sealed, now), sealed):
        if needs_a_job(source, choice):
            prepare_later(source, choice)
        else:
            prepare(source, choice)
        set_declaration(organisation, source, declaration, now)
        source.dry_run = dry_run
        source.save()
        for kind, document in documents:
            add_document(actor=actor, source=source, kind=kind, upload=document)
        begin(actor, organisation, source, now)
    return source


def upload_file(
    *, actor: Actor, organisation: Organisation, upload: UploadedFile, collection_point: str = ""
) -> Import:
    """Store a file and look into it, a large one in a job; where it comes from is asked later.

    ``collection_point``: the key of the one to begin with when that is asked.

    Raises UnreadableFileError.
    """
    actor.require(Capability.IMPORTS_RUN)
    now = timezone.now()
    sealed = received(upload)
    with transaction.atomic(), stored_with(source := new_import(actor, organisation, sealed, now), sealed):
        source.collection_point = collection_point
        read_upload(actor, source, ReadingChoice())
        audit.record(actor=actor, action="import.uploaded", target=source, organisation=organisation, at=now)
    return source


@transaction.atomic
def choose_reading(*, actor: Actor, source: Import, choice: ReadingChoice) -> None:
    """Change how an uploaded file is read; another part of a large one takes a job.

    Raises ImportStartedError, InvalidInputError, UnreadableFileError.
    """
    actor.require(Capability.IMPORTS_RUN)
    source = lock_uploaded(source)
    if needs_a_job(source, choice):
        read_upload(actor, source, choice)
    else:
        # Cut in another way, the file has other columns: then the page goes on to ask which is which.
        prepare(source, choice, identity_later=choice.mapping is None)
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
    details = {"origin": source.origin_kind, "consents": source.consents, "collection_point": source.collection_point}
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


@transaction.atomic
def pause_import(*, actor: Actor, source: Import) -> None:
    """Have an import rest after its next checkpoint, however long. Raises ImportEndedError."""
    actor.require(Capability.IMPORTS_RUN)
    job = job_of(source)
    request_pause(actor=actor, job=job)
    audit.record(actor=actor, action="import.paused", target=source)


@transaction.atomic
def resume_import(*, actor: Actor, source: Import) -> None:
    """Let a paused import go on where it stopped. Raises ImportEndedError."""
    actor.require(Capability.IMPORTS_RUN)
    job = job_of(source)
    resume_job(actor=actor, job=job)
    audit.record(actor=actor, action="import.resumed", target=source)


def job_of(source: Import) -> Job:
    """The job that imports, locked with its import; ImportEndedError when there is none any more."""
    found = Import.objects.select_for_update(of=("self",)).select_related("job").get(pk=source.pk)
    if found.job is None or found.job.ended:
        raise ImportEndedError
    return found.job


def download_outcome(*, actor: Actor, source: Import, category: str) -> Iterator[str]:
    """What a dry run says of the rows of one kind, as CSV text; noted, since they hold personal data.

    Raises NotFoundError for a kind of which there are none.
    """
    actor.require(Capability.IMPORTS_RUN)
    if not source.outcomes.get(category):
        raise NotFoundError
    details = {"category": category, "rows": source.outcomes[category]}
    audit.record(actor=actor, action="import.outcome_downloaded", target=source, details=details)
    return outcome_csv(source, category)


def download_rejects(*, actor: Actor, source: Import) -> Iterator[str]:
    """The rejected rows as CSV text; that somebody took them is noted, since they hold personal data."""
    actor.require(Capability.IMPORTS_RUN)
    details = {"rows": source.rows_rejected}
    audit.record(actor=actor, action="import.rejects_downloaded", target=source, details=details)
    return queries.rejects_csv(source)


def read_upload(actor: Actor, source: Import, choice: ReadingChoice) -> None:
    """Look into an upload, at once or by a job; until that is done the import has no columns."""
    from subscribers.imports.tasks import read_file

    if needs_a_job(source, choice):
        prepare_later(source, choice)
        lane = lane_of(source)
        job = start_job(actor=actor, organisation=source.organisation, task=read_file, target_id=source.pk, queue=lane)
        source.job = job
    else:
        prepare(source, choice, identity_later=True)
    source.save()


def forget_outcome(source: Import) -> None:
    """Set the counts of a dry run back to nothing."""
    source.rejects.all().delete()
    for name in ("read", "created", "updated", "unchanged", "rejected", "duplicate", "suppressed"):
        setattr(source, f"rows_{name}", 0)
    source.rejects_by_code, source.stage_counts, source.error_code = {}, {}, ""
    source.flags_by_code, source.flagged_domains, source.outcomes = {}, {}, {}
    source.started_at = source.finished_at = None


def begin(actor: Actor, organisation: Organisation, source: Import, now: datetime) -> None:
    from subscribers.imports.tasks import run_import

    source.state = ImportState.UPLOADED
    source.warnings = warnings_of(source)
    lane = lane_of(source)
    source.job = start_job(actor=actor, organisation=organisation, task=run_import, target_id=source.pk, queue=lane)
    source.save()
    details = {
        "dry_run": source.dry_run,
        "origin": source.origin_kind,
        "consents": source.consents,
        "collection_point": source.collection_point,
        "digest": bytes(source.file_digest).hex(),
        "warnings": source.warnings,
    }
    if not source.dry_run:
        remember_mapping(source, now)
    audit.record(
        actor=actor, action="import.started", target=source, details=details, organisation=organisation, at=now
    )
