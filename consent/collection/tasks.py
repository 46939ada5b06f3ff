"""What the schedule does about sign-ups."""

from __future__ import annotations

from consent.collection import expiring
from portal.jobs.queues import Queue, task_on


@task_on(Queue.DEFAULT, time_limit=300, soft_time_limit=280)
def purge_sign_ups() -> None:
    expiring.purge_sign_ups()
