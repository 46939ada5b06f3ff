"""The envelope of an import."""

from __future__ import annotations

from django.utils import timezone

from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job
from subscribers.imports import ending, preparing, retention, running

HOURS = 3600


@task_on(Queue.IMPORTS, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60)
def run_import(job_id: int) -> None:
    run_job(
        job_id,
        running.execute_import,
        on_failure=ending.fail_import,
        on_cancel=ending.stop_import,
        on_pause=ending.pause_import_run,
    )


@task_on(Queue.IMPORTS_SMALL, time_limit=HOURS, soft_time_limit=HOURS - 60)
def read_file(job_id: int) -> None:
    run_job(job_id, preparing.read_file, on_failure=ending.fail_import, on_cancel=ending.stop_import)


@task_on(Queue.DEFAULT, time_limit=HOURS, soft_time_limit=HOURS - 60)
def tidy_imports() -> None:
    retention.tidy_imports(now=timezone.now())
