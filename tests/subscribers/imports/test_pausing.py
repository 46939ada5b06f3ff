"""An import pauses at a chunk, waits as long as it must, and ends like one that never paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from portal.jobs.actions import request_cancel, request_pause, resume_job
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.jobs.waking import ATTEMPTS, requeue_silent_jobs
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import ending, running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.models import Import, ImportState
from subscribers.imports.retention import tidy_imports
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "email\n" + "".join(f"p{number}@x.example\n" for number in range(1000))


@pytest.fixture
def source(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> Import:
    monkeypatch.setattr(running, "CHUNK_ROWS", 100)
    monkeypatch.setattr(running, "BLOCK_BYTES", 2000)
    return create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(PEOPLE), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip


def run(source: Import) -> None:
    run_job(
        source.job_id or 0,
        running.execute_import,
        on_failure=ending.fail_import,
        on_cancel=ending.stop_import,
        on_pause=ending.pause_import_run,
    )
    source.refresh_from_db()


def pausing_after(chunks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    merge = running.Merger._merge
    merged: list[int] = []

    def merge_and_ask(merger: running.Merger, *arguments: object) -> None:
        merge(merger, *arguments)  # type: ignore[arg-type]
        merged.append(1)
        if len(merged) == chunks:
            job = Job.objects.get(pk=merger._run.job.pk)
            request_pause(actor=Actor.system(job.organisation), job=job)

    monkeypatch.setattr(running.Merger, "_merge", merge_and_ask)


def test_it_goes_on_where_it_stopped(source: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    pausing_after(3, monkeypatch)
    run(source)
    job = Job.objects.get()
    assert (source.state, job.state, source.file.name != "") == (ImportState.PAUSED, "paused", True)
    assert 0 < source.rows_read < 1000
    assert source.rows_read == Contact.objects.count(), "what was on its way is not half merged"

    resume_job(actor=Actor.system(source.organisation), job=job)
    source.refresh_from_db()
    assert source.state == ImportState.RUNNING
    run(source)
    assert (source.state, counts_of(source)) == (ImportState.DONE, {"read": 1000, "created": 1000})
    assert Contact.objects.count() == 1000


def test_it_pauses_before_it_starts(source: Import) -> None:
    job = Job.objects.get()
    request_pause(actor=Actor.system(source.organisation), job=job)
    run(source)
    assert (source.state, source.rows_read) == (ImportState.PAUSED, 0)
    resume_job(actor=Actor.system(source.organisation), job=job)
    source.refresh_from_db()
    assert source.state == ImportState.UPLOADED
    run(source)
    assert source.state == ImportState.DONE


def test_a_paused_import_that_is_cancelled_ends_at_once_and_its_file_goes(
    source: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing_after(2, monkeypatch)
    run(source)
    request_cancel(actor=Actor.system(source.organisation), job=Job.objects.get())
    source.refresh_from_db()
    assert (source.state, source.file.name) == (ImportState.CANCELLED, "")
    assert source.finished_at is not None


def test_an_import_that_killed_every_worker_is_told_as_failed(source: Import, acme: Organisation) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    Job.objects.update(state="running", heartbeat_at=long_ago, vain_attempts=ATTEMPTS)
    requeue_silent_jobs()
    with scope(organisation=acme):
        source.refresh_from_db()
    assert (source.state, source.error_code) == (ImportState.FAILED, "too_many_attempts")


def test_a_pause_ends_when_files_may_be_kept_no_longer(source: Import, settings: Any) -> None:
    job = Job.objects.get()
    request_pause(actor=Actor.system(source.organisation), job=job)
    days = timedelta(days=settings.ACCORD.import_file_days)
    tidy_imports(now=timezone.now() + days - timedelta(hours=1))
    source.refresh_from_db()
    assert (source.state, bool(source.file)) == (ImportState.PAUSED, True)
    tidy_imports(now=timezone.now() + days + timedelta(hours=1))
    source.refresh_from_db()
    assert (source.state, bool(source.file)) == (ImportState.CANCELLED, False)
