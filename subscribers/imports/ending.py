"""How an import ends, pauses and goes on: its rows follow those of its job, in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.jobs.models import Job, JobState
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from subscribers.imports.files import discard_file
from subscribers.imports.models import Import, ImportState
from subscribers.imports.notifying import tell_end
from subscribers.imports.passport.rules import is_quarantined
from subscribers.imports.queries import counts

ENDED_AS = {JobState.FAILED: ImportState.FAILED, JobState.CANCELLED: ImportState.CANCELLED}


@transaction.atomic
def ended_import(run: JobRun, source: Import) -> dict[str, Any]:
    """All of the file is read: end the import and its job; answers the counts."""
    now = timezone.now()
    quarantined = is_quarantined(source.origin_kind) and not source.dry_run
    source.refresh_from_db()
    source.state = ImportState.QUARANTINED if quarantined else ImportState.DONE
    source.finished_at = now
    source.save(update_fields=["state", "finished_at"])
    if not source.dry_run and not quarantined:
        discard_file(source)
    outcome = counts(source)
    actor = Actor.system(run.organisation, reference=f"job:{run.job.pk}")
    audit.record(actor=actor, action="import.finished", target=source, details=outcome, at=now)
    tell_end(source, run.job)
    run.complete(outcome, done=source.rows_read, expected=source.rows_read)
    return outcome


def fail_import(run: JobRun, code: str) -> None:
    """The job failed: so did its import; what is merged stays, and is counted."""
    end_early(run.job, ImportState.FAILED, code)


def stop_import(run: JobRun) -> None:
    """The job was cancelled at a checkpoint."""
    end_early(run.job, ImportState.CANCELLED)


def pause_import_run(run: JobRun) -> None:
    """The job paused at a checkpoint; whoever takes it up again says that the import runs."""
    Import.objects.filter(pk=run.job.target_id).update(state=ImportState.PAUSED)


def follow_job(job: Job) -> None:
    """What happened to the job while no worker had it (`portal.jobs.watching`)."""
    if job.state == JobState.PAUSED:
        Import.objects.filter(pk=job.target_id).update(state=ImportState.PAUSED)
    elif job.state == JobState.QUEUED:
        state = ImportState.RUNNING if job.started_at else ImportState.UPLOADED
        Import.objects.filter(pk=job.target_id).update(state=state)
    else:
        end_early(job, ENDED_AS[JobState(job.state)], job.error_code)


def follow_reading(job: Job) -> None:
    """What happened to the job that reads a file while no worker had it: an import that is not read ends with it."""
    if job.state in ENDED_AS:
        end_early(job, ENDED_AS[JobState(job.state)], job.error_code)


@transaction.atomic
def end_early(job: Job, state: ImportState, code: str = "", now: datetime | None = None) -> None:
    """The job ended without reaching the end of the file."""
    source = Import.objects.select_related("organisation").get(pk=job.target_id)
    source.state, source.error_code, source.finished_at = state, code, now or timezone.now()
    source.save(update_fields=["state", "error_code", "finished_at"])
    if not source.dry_run:
        discard_file(source)
    tell_end(source, job)
