"""Background work after a hand-off."""

from __future__ import annotations

from consent.engine import informing
from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job


@task_on(Queue.DEFAULT, soft_time_limit=3600, time_limit=3660)
def mark_as_informed(job_id: int) -> None:
    run_job(job_id, informing.execute_informing)
