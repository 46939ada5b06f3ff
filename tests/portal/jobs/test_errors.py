"""How a job ended, or why it stands still, in words."""

from __future__ import annotations

import errno
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DiskFull

from portal.errors import ConflictError
from portal.jobs.actions import start_job
from portal.jobs.errors import SENTENCES, code_of, said, stillness
from portal.jobs.leases import JobRun
from portal.jobs.models import SILENCE, Job, JobState
from portal.jobs.running import run_job
from portal.jobs.tasks import requeue_silent
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.people import client_of, new_member

DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def job(in_acme: Organisation) -> Job:
    return start_job(actor=Actor.system(in_acme), organisation=in_acme, task=requeue_silent, target_id=7)


def from_database() -> OperationalError:
    """PostgreSQL's own disk is full: Django wraps what psycopg says."""
    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file")
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DISK_FULL, "disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
        (from_database(), "disk_full"),
        (SoftTimeLimitExceeded(), "took_too_long"),
        (ConflictError(), "conflict"),
        (ValueError(), "internal_error"),
        (OSError(errno.ENOENT, "No such file"), "internal_error"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_job_fails_with_a_code_that_has_its_sentence(job: Job, error: Exception, code: str) -> None:
    told: list[str] = []

    def work(_run: JobRun) -> None:
        raise error

    run_job(job.pk, work, on_failure=lambda _run, failed: told.append(failed))
    job.refresh_from_db()
    assert (job.state, job.error_code, told) == (JobState.FAILED, code, [code])
    assert code_of(error) == code
    assert said(code).endswith(".")


def test_a_full_disk_that_was_hidden_behind_another_error_is_found() -> None:
    with pytest.raises(ValueError) as caught:
        try:
            raise DISK_FULL
        except OSError:
            raise ValueError from None
    assert code_of(caught.value) == "disk_full"


def test_every_code_of_jobs_is_said_in_its_own_words() -> None:
    sentences = {said(code) for code in [*SENTENCES, "disk_full"]}
    assert len(sentences) == len(SENTENCES) + 1
    assert said("") == ""
    assert said("of_a_newer_release") == said("internal_error")


@pytest.mark.django_db
def test_a_job_says_why_it_does_not_move(job: Job) -> None:
    assert "waits for its turn" in stillness(job)
    job.state, job.heartbeat_at = JobState.RUNNING, timezone.now()
    assert stillness(job) == ""
    job.pause_requested_at = timezone.now()
    assert "pauses" in stillness(job)
    job.heartbeat_at = timezone.now() - SILENCE - timedelta(seconds=1)
    assert "goes on by itself" in stillness(job)
    job.state = JobState.PAUSED
    assert stillness(job).startswith("Paused")
    job.state = JobState.DONE
    assert stillness(job) == ""


@pytest.mark.django_db
def test_the_page_of_a_job_says_it_too(job: Job) -> None:
    assert job.organisation is not None
    owner = client_of(new_member(job.organisation, Role.OWNER))
    url = f"/o/acme/jobs/{job.pk}/"
    Job.objects.update(state=JobState.RUNNING, heartbeat_at=timezone.now() - SILENCE * 2)
    assert "goes on by itself where it stopped" in owner.get(url).content.decode()
    Job.objects.update(state=JobState.PAUSED)
    page = owner.get(url).content.decode()
    assert "once somebody resumes it" in page
    assert "Cancel the job" in page
    Job.objects.update(state=JobState.FAILED, error_code="too_many_attempts")
    assert str(SENTENCES["too_many_attempts"]) in owner.get(url).content.decode()
