"""Background work of audiences."""

from __future__ import annotations

from django.utils import timezone

from consent.audiences import actions
from portal.jobs.queues import Queue, task_on
from portal.jobs.running import JobRun, run_job
from portal.organisations.actors import Actor


@task_on(Queue.EXPORTS, soft_time_limit=3600, time_limit=3660)
def take_snapshot(job_id: int) -> None:
    run_job(job_id, actions.execute_snapshot, on_failure=lambda run, _code: reopen(run), on_cancel=reopen)


def reopen(run: JobRun) -> None:
    actions.reopen_audience(actor=Actor.system(run.organisation), audience_id=int(run.job.target_id))


@task_on(Queue.DEFAULT, soft_time_limit=50, time_limit=60)
def expire_audiences() -> None:
    actions.expire_audiences(now=timezone.now())
