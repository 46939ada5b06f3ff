"""A paused job waits for a person, for as long as it takes, and then goes on where it stopped."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.jobs.actions import JobEndedError, request_cancel, request_pause, resume_job, start_job
from portal.jobs.leases import JobRun, take, take_next
from portal.jobs.models import SILENCE, Job, JobState
from portal.jobs.queues import Queue
from portal.jobs.running import run_job
from portal.jobs.tasks import requeue_silent
from portal.jobs.waking import requeue_silent_jobs
from portal.jobs.watching import register_watcher
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(days=3)


@pytest.fixture
def actor(acme: Organisation) -> Actor:
    return Actor.system(acme)


@pytest.fixture
def job(in_acme: Organisation, actor: Actor) -> Job:
    return start_job(actor=actor, organisation=in_acme, task=requeue_silent, target_id=7, expected=100)


def pausing(actor: Actor, told: list[str] | None = None) -> None:
    """Run the job and have somebody pause it after its first checkpoint."""

    def work(run: JobRun) -> None:
        run.save(checkpoint={"line": 10}, done=10)
        request_pause(actor=actor, job=Job.objects.get(pk=run.job.pk))
        run.save(checkpoint={"line": 20}, done=20)
        raise AssertionError("it went on")

    run_job(Job.objects.get().pk, work, on_pause=lambda run: (told if told is not None else []).append("paused"))


def test_it_pauses_at_its_next_checkpoint_and_goes_on_from_the_last(job: Job, actor: Actor) -> None:
    told: list[str] = []
    pausing(actor, told)
    job.refresh_from_db()
    assert (job.state, job.done, job.checkpoint, told) == (JobState.PAUSED, 10, {"line": 10}, ["paused"])
    assert take(job.pk) is None, "nobody takes a paused job"

    resume_job(actor=actor, job=job)
    assert job.state == JobState.QUEUED
    run_job(job.pk, lambda run: {"from": run.checkpoint["line"]})
    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.DONE, {"from": 10})


def test_a_waiting_job_pauses_at_once(job: Job, actor: Actor) -> None:
    request_pause(actor=actor, job=job)
    assert job.state == JobState.PAUSED
    assert take_next(job.queue) is None
    resume_job(actor=actor, job=job)
    assert take_next(job.queue) is not None


def test_a_paused_job_waits_without_a_heartbeat(job: Job, actor: Actor) -> None:
    """Restarts and nights pass; the schedule neither wakes it nor gives it up."""
    pausing(actor)
    Job.objects.update(heartbeat_at=timezone.now() - LONG_AGO, vain_attempts=99)
    assert requeue_silent_jobs() == 0
    job.refresh_from_db()
    assert (job.state, job.silent) == (JobState.PAUSED, False)


def test_a_paused_job_can_be_cancelled(job: Job, actor: Actor) -> None:
    pausing(actor)
    request_cancel(actor=actor, job=job)
    assert job.state == JobState.CANCELLED
    with pytest.raises(JobEndedError):
        resume_job(actor=actor, job=job)
    with pytest.raises(JobEndedError):
        request_pause(actor=actor, job=job)


def test_a_pause_asked_of_a_dead_worker_is_kept_by_the_next(job: Job, actor: Actor) -> None:
    assert take(job.pk) is not None
    request_pause(actor=actor, job=job)
    Job.objects.update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    told: list[str] = []
    run_job(job.pk, lambda _run: told.append("worked"), on_pause=lambda _run: told.append("paused"))
    job.refresh_from_db()
    assert (job.state, told) == (JobState.PAUSED, ["paused"])


def test_a_pause_can_be_taken_back_before_it_happens(job: Job, actor: Actor) -> None:
    run = take(job.pk)
    assert run is not None
    request_pause(actor=actor, job=job)
    resume_job(actor=actor, job=job)
    run.save(checkpoint={"line": 1})
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


def test_the_pause_does_not_count_in_the_rate(job: Job, actor: Actor) -> None:
    now = timezone.now()
    Job.objects.update(
        state=JobState.PAUSED, done=100, started_at=now - LONG_AGO - timedelta(seconds=10), waiting_since=now - LONG_AGO
    )
    resume_job(actor=actor, job=job, now=now)
    assert job.rate == pytest.approx(10, rel=0.01)


def test_the_room_hears_of_what_no_worker_tells_it(job: Job, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.jobs.watching._watchers", {})
    told: list[str] = []
    register_watcher(job.task, lambda changed: told.append(changed.state))
    request_pause(actor=actor, job=job)
    resume_job(actor=actor, job=job)
    Job.objects.update(
        state=JobState.RUNNING, lease=uuid.uuid4(), heartbeat_at=timezone.now() - LONG_AGO, vain_attempts=20
    )
    requeue_silent_jobs()
    assert told == [JobState.PAUSED, JobState.QUEUED, JobState.FAILED]
    again = start_job(
        actor=actor, organisation=job.organisation, task=requeue_silent, target_id=8, queue=Queue.IMPORTS_SMALL
    )
    assert again.queue == Queue.IMPORTS_SMALL
    request_cancel(actor=actor, job=again)
    assert told[3:] == [JobState.CANCELLED]
