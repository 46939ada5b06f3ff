"""Start and stop jobs."""

from __future__ import annotations

from datetime import datetime

from celery import Task
from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.jobs.models import Job, JobState
from portal.jobs.queues import queue_of
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation


def start_job(
    *,
    actor: Actor,
    organisation: Organisation | None,
    task: Task,
    target_id: str | int,
    expected: int | None = None,
) -> Job:
    """Write the job and queue it once the caller's transaction has committed; the task receives the job's id only.

    A broker that is down loses nothing: the schedule queues again whatever nobody took.
    """
    now = timezone.now()
    job = Job.objects.create(
        organisation=organisation,
        task=task.name,
        queue=queue_of(task.name),
        target_id=str(target_id),
        expected=expected,
        created_by_id=actor.user_id,
        created_at=now,
        heartbeat_at=now,
    )
    audit.record(
        actor=actor, action="job.started", target=job, details={"task": task.name}, organisation=organisation, at=now
    )
    transaction.on_commit(lambda: enqueue(job_id=job.pk, task=job.task, queue=job.queue), robust=True)
    return job


def enqueue(*, job_id: int, task: str, queue: str) -> None:
    """Hand the id to Celery."""
    from portal.celery import app

    app.send_task(task, args=[job_id], queue=queue)


@transaction.atomic
def request_cancel(*, actor: Actor, job: Job, now: datetime | None = None) -> None:
    """Ask a job to stop at its next checkpoint; one that waits is cancelled at once. Ended jobs stay as they are."""
    now = now or timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
    )
    if not waiting:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested_at=now)
    audit.record(actor=actor, action="job.cancelled", target=job, organisation=job.organisation, at=now)
    job.refresh_from_db()
