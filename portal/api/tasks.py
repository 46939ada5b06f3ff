"""What the schedule asks of the API's own tables."""

from __future__ import annotations

from django.utils import timezone

from portal.api import actions
from portal.jobs.queues import Queue, task_on
from portal.organisations.actors import Actor


@task_on(Queue.DEFAULT, time_limit=600, soft_time_limit=540)
def purge_idempotency_records() -> None:
    actor = Actor.system(reference="schedule:purge_idempotency_records")
    actions.purge_idempotency_records(actor=actor, now=timezone.now())
