"""The envelope of an undo."""

from __future__ import annotations

from portal.jobs.models import Job
from portal.jobs.queues import Queue, task_on
from portal.jobs.running import JobRun, run_job
from subscribers.imports.undo import running

HOURS = 3600


@task_on(Queue.IMPORTS, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60)
def run_undo(job_id: int) -> None:
    run_job(
        job_id,
        running.execute_undo,
        on_failure=lambda run, _code: running.keep_counts(kept(run)),
        on_cancel=lambda run: running.keep_counts(kept(run)),
    )


def kept(run: JobRun) -> Job:
    """The job as it was last saved: its checkpoint is that of the last window which was committed."""
    run.job.refresh_from_db()
    return run.job
