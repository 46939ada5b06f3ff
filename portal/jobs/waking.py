"""Bring jobs back that nobody works on: their worker fell silent, or the broker lost what asked for them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.jobs.errors import TOO_MANY
from portal.jobs.models import SILENCE, Job, JobState
from portal.jobs.watching import tell_watcher

UNTAKEN = timedelta(seconds=20)  # of a job that waits: the broker may have lost its ticket
ATTEMPTS = 20  # in vain, one after the other
TICKETS = 8  # at a time for one queue: each worker that ends a job asks for the next anyway


def requeue_silent_jobs() -> int:
    """Ask again for the jobs whose worker fell silent or that nobody took; fail those that killed too many workers.

    Answers how many were asked for.
    """
    from portal.jobs.actions import enqueue

    now = timezone.now()
    with scopes_disabled():
        for job in forsaken(now).filter(vain_attempts__gte=ATTEMPTS).select_related("organisation"):
            give_up(job, now)
        queues = Counter(forsaken(now).values_list("queue", flat=True))
        # A waiting job is not asked for again at every beat: its own mark moves each time it is.
        forsaken(now).filter(state=JobState.QUEUED).update(heartbeat_at=now)
    for queue, number in queues.items():
        for _ticket in range(min(number, TICKETS)):
            enqueue(queue=queue)
    return queues.total()


def forsaken(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(
        Q(state=JobState.RUNNING, heartbeat_at__lt=now - SILENCE)
        | Q(state=JobState.QUEUED, heartbeat_at__lt=now - UNTAKEN)
    )


@transaction.atomic
def give_up(job: Job, now: datetime) -> None:
    """Fail a job that no worker got any further with, unless one has just taken it."""
    changed = forsaken(now).filter(pk=job.pk).update(state=JobState.FAILED, error_code=TOO_MANY, finished_at=now)
    if not changed:
        return
    job.refresh_from_db()
    with scope(organisation=job.organisation):
        tell_watcher(job)
