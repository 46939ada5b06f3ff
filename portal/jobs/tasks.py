"""The ticket that a free worker takes a job for, and the schedule's own task: bring silent jobs back."""

from __future__ import annotations

from portal.jobs import running, waking
from portal.jobs.queues import Queue, task_on

HOURS = 3600


@task_on(Queue.DEFAULT, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60)
def run_next(queue: str) -> None:
    """Sent to the queue whose job it asks for, with the limits of the tasks there."""
    running.run_next(queue)


@task_on(Queue.DEFAULT, time_limit=60, soft_time_limit=50)
def requeue_silent() -> None:
    waking.requeue_silent_jobs()
