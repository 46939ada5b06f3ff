"""The envelope of deleting a lot."""

from __future__ import annotations

from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job
from subscribers.imports.recall import running

HOURS = 3600


@task_on(Queue.IMPORTS, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60)
def run_deletion(job_id: int) -> None:
    run_job(job_id, running.execute_deletion)
