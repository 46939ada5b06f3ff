"""Start and stop jobs."""

from __future__ import annotations

from datetime import datetime

from celery import Task
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import ConflictError
from portal.jobs.models import Job, JobState
from portal.jobs.queues import Queue, queue_of
from portal.jobs.watching import tell_watcher
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

RUN_NEXT = "portal.jobs.tasks.run_next"
STALE = 60  # seconds after which a ticket is worth nothing: the schedule has sent others


class JobEndedError(ConflictError):
    code = "job_ended"
    title = _("This job has ended already.")


def start_job(
    *,
    actor: Actor,
    organisation: Organisation | None,
    task: Task,
    target_id: str | int,
    expected: int | None = None,
    queue: Queue | None = None,
) -> Job:
    """Write the job and ask for a worker once the caller's transaction has committed.

    The task receives the job's id only. ``queue`` is another one than that of the task, such as the one for what is
    small. A broker that is down loses nothing: the schedule asks again for whatever nobody took.
    """
    now = timezone.now()
    job = Job.objects.create(
        organisation=organisation,
        task=task.name,
        queue=queue or queue_of(task.name),
        target_id=str(target_id),
        expected=expected,
        created_by_id=actor.user_id,
        created_at=now,
        waiting_since=now,
        heartbeat_at=now,
    )
    audit.record(
        actor=actor, action="job.started", target=job, details={"task": task.name}, organisation=organisation, at=now
    )
    transaction.on_commit(lambda: enqueue(queue=job.queue), robust=True)
    return job


def enqueue(*, queue: str) -> None:
    """Hand a ticket to Celery: whoever gets it does the job of this queue whose turn it is."""
    from portal.celery import app

    app.send_task(RUN_NEXT, args=[queue], queue=queue, expires=STALE)


@transaction.atomic
def request_cancel(*, actor: Actor, job: Job, now: datetime | None = None) -> None:
    """Ask a job to stop at its next checkpoint; one that waits or is paused is cancelled at once.

    Ended jobs stay as they are.
    """
    now = now or timezone.now()
    resting = [JobState.QUEUED, JobState.PAUSED]
    ended = Job.objects.filter(pk=job.pk, state__in=resting).update(
        state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
    )
    if not ended:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested_at=now)
    _changed(actor, job, "job.cancelled", now, at_rest=bool(ended))


@transaction.atomic
def request_pause(*, actor: Actor, job: Job, now: datetime | None = None) -> None:
    """Ask a job to pause at its next checkpoint; one that waits is paused at once.

    It goes on from that checkpoint when it is resumed, however many restarts later. Raises JobEndedError.
    """
    now = now or timezone.now()
    paused = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.PAUSED,
        started_at=F("started_at") + (now - F("waiting_since")),
        waiting_since=now,
    )
    if not paused:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(pause_requested_at=now)
    _changed(actor, job, "job.paused", now, at_rest=bool(paused))
    _require_open(job)


@transaction.atomic
def resume_job(*, actor: Actor, job: Job, now: datetime | None = None) -> None:
    """Let a paused job go on: it waits for its turn again. A pause that it has not come to yet is taken back.

    Raises JobEndedError.
    """
    now = now or timezone.now()
    resumed = Job.objects.filter(pk=job.pk, state=JobState.PAUSED).update(
        state=JobState.QUEUED,
        pause_requested_at=None,
        started_at=F("started_at") + (now - F("waiting_since")),
        waiting_since=now,
        heartbeat_at=now,
        vain_attempts=0,
    )
    if resumed:
        transaction.on_commit(lambda: enqueue(queue=job.queue), robust=True)
    else:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(pause_requested_at=None)
    _changed(actor, job, "job.resumed", now, at_rest=bool(resumed))
    _require_open(job)


def _changed(actor: Actor, job: Job, action: str, now: datetime, *, at_rest: bool) -> None:
    """Note what was asked; where no worker is there to do it, the room is told at once."""
    audit.record(actor=actor, action=action, target=job, organisation=job.organisation, at=now)
    job.refresh_from_db()
    if at_rest:
        tell_watcher(job)


def _require_open(job: Job) -> None:
    if job.ended:
        raise JobEndedError
