"""Whose turn it is: the organisation with the fewest running jobs first, and nobody holds a worker for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.celery import app
from portal.jobs import leases, running
from portal.jobs.actions import start_job
from portal.jobs.leases import PATIENCE, TURN, JobRun, JobYieldedError, take, take_next
from portal.jobs.models import SILENCE, Job, JobState
from portal.jobs.queues import Queue
from portal.jobs.running import run_job, run_next
from portal.jobs.tasks import requeue_silent
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(hours=2)


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the broker: the queue of each ticket."""
    sent: list[str] = []

    def send_task(_name: str, *, queue: str, **_options: Any) -> None:
        sent.append(queue)

    monkeypatch.setattr(app, "send_task", send_task)
    return sent


def waiting(organisation: Organisation, queue: Queue = Queue.IMPORTS, since: timedelta = LONG_AGO) -> Job:
    with scope(organisation=organisation):
        job = start_job(
            actor=Actor.system(organisation), organisation=organisation, task=requeue_silent, target_id=1, queue=queue
        )
        Job.objects.filter(pk=job.pk).update(waiting_since=timezone.now() - since)
    return job


def next_one(queue: Queue = Queue.IMPORTS) -> int:
    run = take_next(queue)
    assert run is not None
    return run.job.pk


@scopes_disabled()
def state_of(job: Job) -> str:
    return str(Job.objects.get(pk=job.pk).state)


def test_an_organisation_with_many_jobs_lets_others_in_between(acme: Organisation, other: Organisation) -> None:
    first, second, third = waiting(acme), waiting(acme), waiting(acme)
    late = waiting(other, since=timedelta(0))
    assert [next_one() for _ in range(4)] == [first.pk, late.pk, second.pk, third.pk]
    assert take_next(Queue.IMPORTS) is None


def test_who_waited_longest_is_first_among_equals(acme: Organisation, other: Organisation) -> None:
    young, old = waiting(acme, since=timedelta(minutes=1)), waiting(other, since=timedelta(minutes=2))
    assert [next_one(), next_one()] == [old.pk, young.pk]


def test_each_queue_is_its_own(acme: Organisation) -> None:
    large, small = waiting(acme), waiting(acme, Queue.IMPORTS_SMALL)
    assert next_one(Queue.IMPORTS_SMALL) == small.pk
    assert take_next(Queue.IMPORTS_SMALL) is None
    assert next_one() == large.pk


def test_jobs_of_dead_workers_are_taken_over_and_count_for_nobody(acme: Organisation, other: Organisation) -> None:
    dead = waiting(acme)
    assert next_one() == dead.pk
    with scopes_disabled():
        Job.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    late = waiting(other, since=timedelta(minutes=1))
    assert [next_one(), next_one()] == [dead.pk, late.pk]


def give_way(run: JobRun, turn: timedelta = timedelta(0)) -> bool:
    """Whether a run that has worked for so long lets others go first at its checkpoint."""
    run.save(checkpoint={"line": 1})
    run._working_since, run._look_at = timezone.now() - turn, 0
    try:
        run.save(checkpoint={"line": 2})
    except JobYieldedError:
        return True
    return False


def test_of_two_jobs_the_newer_gives_way_to_who_has_none(acme: Organisation, other: Organisation) -> None:
    older, newer = (take(waiting(acme).pk) for _ in range(2))
    assert older is not None
    assert newer is not None
    assert not give_way(newer)
    waiting(other, since=PATIENCE / 2)
    assert not give_way(newer), "a worker that is free would have taken it by now"
    waiting(other, since=PATIENCE * 2)
    assert not give_way(older)
    assert give_way(newer)


def test_a_single_job_works_a_whole_turn_before_it_gives_way(acme: Organisation, other: Organisation) -> None:
    run = take(waiting(acme).pk)
    assert run is not None
    waiting(other)
    assert not give_way(run, TURN - timedelta(seconds=10))
    assert give_way(run, TURN + timedelta(seconds=1))


def test_nobody_gives_way_to_the_same_organisation(acme: Organisation) -> None:
    run = take(waiting(acme).pk)
    assert run is not None
    waiting(acme)
    assert not give_way(run, TURN * 2)


def test_who_gave_way_goes_to_the_end_of_the_queue_and_on_from_its_checkpoint(
    acme: Organisation, other: Organisation, tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "TURN", timedelta(seconds=-1))
    monkeypatch.setattr(leases, "LOOK_EVERY", 0)
    large, late = waiting(acme), waiting(other, since=timedelta(minutes=1))
    lines: list[int] = []

    def work(run: JobRun) -> None:
        for line in range(run.checkpoint.get("line", 0) + 1, 5):
            run.save(checkpoint={"line": line})
            lines.append(line)

    del tickets[:]
    run_job(large.pk, work)
    assert (state_of(large), lines, tickets) == (JobState.QUEUED, [1], [Queue.IMPORTS])
    assert next_one() == late.pk
    run_job(large.pk, work)
    assert (state_of(large), lines) == (JobState.DONE, [1, 2, 3, 4])


def test_a_ticket_does_the_job_whose_turn_it_is_and_asks_for_the_next(
    acme: Organisation, tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def task(job_id: int) -> None:
        run_job(job_id, lambda run: done.append(run.job.pk))

    first, second = waiting(acme), waiting(acme)
    monkeypatch.setitem(app.tasks, requeue_silent.name, task)
    del tickets[:]
    run_next(Queue.IMPORTS)
    assert (done, tickets) == ([first.pk], [Queue.IMPORTS])
    run_next(Queue.IMPORTS)
    run_next(Queue.IMPORTS)
    assert (done, tickets) == ([first.pk, second.pk], [Queue.IMPORTS])
    assert running._in_hand.get() is None
    with scopes_disabled():
        assert Job.objects.get(pk=first.pk).attempts == 1, "it is taken once, not by the ticket and again by the task"
