"""Sealing every minute, and the nightly verification."""

from __future__ import annotations

from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job
from portal.seals import actions, sealing


@task_on(Queue.DEFAULT, time_limit=3600, soft_time_limit=3540)
def seal() -> None:
    sealing.seal_everything()


@task_on(Queue.DEFAULT, time_limit=600, soft_time_limit=590)
def verify_nightly() -> None:
    actions.start_verifications()


@task_on(Queue.DOCUMENTS, time_limit=6 * 3600, soft_time_limit=6 * 3600 - 60)
def verify(job_id: int) -> None:
    run_job(job_id, actions.execute_verification)
