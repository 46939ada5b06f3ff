"""The ticket that a free worker takes a job for, and the schedule's own task: bring silent jobs back."""

from __future__ import annotations

from portal.jobs import running, waking
from portal.jobs.queues import Queue, task_on

HOURS = 3600


# Taken from the broker as it is begun: a lost one is replaced by the schedule, while a worker that owes the broker an
# answer for hours does not survive the broker's end (kombu, restoring what is unacknowledged).
@task_on(
    Queue.DEFAULT, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60, acks_late=False, reject_on_worker_lost=False
)
def run_next(queue: str) -> None:
    """Sent to the queue whose job it asks for."""
    running.run_next(queue)


@task_on(Queue.DEFAULT, time_limit=60, soft_time_limit=50)
def requeue_silent() -> None:
    waking.requeue_silent_jobs()
