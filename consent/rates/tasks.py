"""Counting every minute."""

from __future__ import annotations

from django.utils import timezone

from consent.rates import counting
from portal.jobs.queues import Queue, task_on


@task_on(Queue.DEFAULT, time_limit=3600, soft_time_limit=3540)
def count_days() -> None:
    counting.count_days(now=timezone.now())
