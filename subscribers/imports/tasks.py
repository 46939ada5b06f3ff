"""The envelope of an import."""

from __future__ import annotations

from django.utils import timezone

from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job
from subscribers.imports import ending, preparing, retention, running
from subscribers.imports.files import table_size
from subscribers.imports.models import Import

HOURS = 3600
SMALL_BYTES = 5 * 1024**2  # some 50,000 rows: seconds


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


def lane_of(source: Import) -> Queue:
    """Where an import waits: a small one never behind a large one."""
    return Queue.IMPORTS_SMALL if table_size(source) <= SMALL_BYTES else Queue.IMPORTS


@task_on(Queue.DEFAULT, time_limit=HOURS, soft_time_limit=HOURS - 60)
def tidy_imports() -> None:
    retention.tidy_imports(now=timezone.now())
