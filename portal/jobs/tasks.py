"""The schedule's own task: bring silent jobs back."""

from __future__ import annotations

from portal.jobs.queues import Queue, task_on
from portal.jobs.running import requeue_silent_jobs


@task_on(Queue.DEFAULT, time_limit=60, soft_time_limit=50)
def requeue_silent() -> None:
    requeue_silent_jobs()
