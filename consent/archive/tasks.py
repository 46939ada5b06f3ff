"""Background work of the archive."""

from __future__ import annotations

from django.utils import timezone

from consent.archive import actions
from consent.archive.sweeping import sweep_files
from portal.jobs.queues import Queue, task_on


@task_on(Queue.DEFAULT, soft_time_limit=1700, time_limit=1800)
def purge_archive() -> None:
    now = timezone.now()
    actions.purge_archive(now=now)
    sweep_files(now=now)
