"""The daily look at agreements that have run out."""

from __future__ import annotations

from django.utils import timezone

from consent.renewal import expiry
from portal.jobs.queues import Queue, task_on
from portal.jobs.running import run_job

HOURS = 3600


@task_on(Queue.DEFAULT, time_limit=HOURS, soft_time_limit=HOURS - 60)
def start_expiries() -> None:
    expiry.start_expiries(now=timezone.now())


@task_on(Queue.EXPORTS, time_limit=6 * HOURS, soft_time_limit=6 * HOURS - 60)
def expire_consents(job_id: int) -> None:
    run_job(job_id, expiry.execute_expiry)
