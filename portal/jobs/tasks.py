"""The schedule's own task: bring silent jobs back."""

from __future__ import annotations

from celery import shared_task

from portal.jobs.queues import Queue
from portal.jobs.running import requeue_silent_jobs


@shared_task(queue=Queue.DEFAULT.value, time_limit=60, soft_time_limit=50)
def requeue_silent() -> None:
    requeue_silent_jobs()
