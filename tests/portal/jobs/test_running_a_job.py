"""A job's effect happens once, whatever dies."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.errors import InvalidInputError
from portal.jobs.actions import request_cancel, start_job
from portal.jobs.leases import take
from portal.jobs.models import SILENCE, Job, JobState
from portal.jobs.running import JobRun, LeaseLostError, run_job
from portal.jobs.tasks import requeue_silent
from portal.jobs.waking import ATTEMPTS, requeue_silent_jobs
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(in_acme: Organisation) -> Job:
    return start_job(actor=Actor.system(in_acme), organisation=in_acme, task=requeue_silent, target_id=7, expected=100)


@pytest.mark.django_db(transaction=True)
def test_it_runs_in_the_scope_of_its_organisation_and_keeps_the_outcome(job: Job) -> None:
    def work(run: JobRun) -> dict[str, int]:
        run.save(checkpoint={"line": 50}, done=50)
        assert Job.objects.get(pk=job.pk).progress == 0.5
        return {"rows": 100}

    run_job(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.outcome, job.checkpoint) == (JobState.DONE, {"rows": 100}, {"line": 50})
    assert job.attempts == 1
    assert job.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_it_does_not_run_twice_when_the_broker_delivers_twice(job: Job) -> None:
    seen: list[int] = []

    def work(run: JobRun) -> None:
        seen.append(run.job.pk)
        run_job(job.pk, lambda again: seen.append(-1))

    run_job(job.pk, work)
    run_job(job.pk, work)
    assert seen == [job.pk]


@pytest.mark.django_db(transaction=True)
def test_a_worker_thought_dead_writes_nothing_when_it_wakes_up(job: Job) -> None:
    sleeper = take(job.pk)
    assert sleeper is not None
    sleeper.save(checkpoint={"line": 1})
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))

    heir = take(job.pk)
    assert heir is not None
    assert heir.checkpoint == {"line": 1}, "the heir goes on where the dead one stopped"
    with pytest.raises(LeaseLostError), transaction.atomic():
        sleeper.save(checkpoint={"line": 2})
    sleeper.finish(JobState.DONE)
    job.refresh_from_db()
    assert (job.state, job.checkpoint) == (JobState.RUNNING, {"line": 1})


@pytest.mark.django_db(transaction=True)
def test_cancelling_a_running_job_stops_it_at_its_next_checkpoint(job: Job) -> None:
    told: list[str] = []

    def work(run: JobRun) -> None:
        request_cancel(actor=Actor.system(run.organisation), job=run.job)
        run.save(done=10)
        told.append("went on")

    run_job(job.pk, work, on_cancel=lambda run: told.append("cancelled"))
    job.refresh_from_db()
    assert told == ["cancelled"]
    assert (job.state, job.done) == (JobState.CANCELLED, 0)


def test_cancelling_a_waiting_job_ends_it_at_once(job: Job) -> None:
    request_cancel(actor=Actor.system(job.organisation), job=job)
    assert job.state == JobState.CANCELLED
    assert take(job.pk) is None


@pytest.mark.django_db(transaction=True)
def test_a_refusal_keeps_its_code_and_tells_the_room(job: Job) -> None:
    told: list[str] = []

    def work(run: JobRun) -> None:
        raise InvalidInputError

    run_job(job.pk, work, on_failure=lambda run, code: told.append(code))
    job.refresh_from_db()
    assert (job.state, job.error_code, told) == (JobState.FAILED, "invalid_input", ["invalid_input"])


def test_silent_jobs_are_queued_again_but_not_those_that_kill_every_worker(job: Job) -> None:
    long_ago = timezone.now() - SILENCE - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, lease=uuid.uuid4(), heartbeat_at=long_ago)
    assert requeue_silent_jobs() == 1
    Job.objects.filter(pk=job.pk).update(vain_attempts=ATTEMPTS)
    assert requeue_silent_jobs() == 0
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "too_many_attempts")


def test_a_live_job_is_left_alone(job: Job) -> None:
    assert take(job.pk) is not None
    assert requeue_silent_jobs() == 0
    assert take(job.pk) is None


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_fails_no_job(job: Job) -> None:
    """The server ends the connection in mid-work, as when it restarts; the job is done by the next who takes it."""

    def cut_off(_run: JobRun) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    run_job(job.pk, cut_off)
    connection.close()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.RUNNING, "")
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    run_job(job.pk, lambda _run: {"rows": 1})
    job.refresh_from_db()
    assert (job.state, job.attempts, job.outcome) == (JobState.DONE, 2, {"rows": 1})
