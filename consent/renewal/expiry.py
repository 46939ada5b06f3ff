"""Agreements that have run out are written down as expired (C-11): once a day, chunk by chunk.

The gate and the pages read the clock and wait for nobody; the ledger shall say so too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from consent.ledger.models import Action
from consent.renewal import sql
from consent.renewal.writing import CHUNK, find, write
from portal.jobs.actions import start_job
from portal.jobs.models import Job, JobState
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

REFERENCE = "expiry"


def start_expiries(*, now: datetime) -> int:
    """A job for each organisation in which agreements have run out; how many were started."""
    from consent.renewal.tasks import expire_consents

    started = 0
    for organisation in Organisation.objects.order_by("pk"):
        with scope(organisation=organisation):
            if is_at_work(organisation, expire_consents.name) or not anything_ran_out(organisation, now):
                continue
            actor = Actor.system(organisation, reference="schedule:expiry")
            start_job(actor=actor, organisation=organisation, task=expire_consents, target_id=organisation.pk)
            started += 1
    return started


def is_at_work(organisation: Organisation, task: str) -> bool:
    going = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
    return Job.objects.filter(organisation=organisation, task=task, state__in=going).exists()


def anything_ran_out(organisation: Organisation, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.ANY_RAN_OUT, {"organisation": organisation.pk, "now": now, "after": 0})
        return bool(cursor.fetchone()[0])


def execute_expiry(run: JobRun) -> dict[str, Any]:
    """Write ``expire`` for everybody whose agreement has ended; the outcome says how many."""
    organisation_id = run.job.organisation_id
    assert organisation_id is not None  # noqa: S101 - started for one
    now = timezone.now()
    after, expired = run.checkpoint.get("after", 0), run.checkpoint.get("expired", 0)
    while True:
        with transaction.atomic():
            found = find(sql.FIND_RAN_OUT, {"organisation": organisation_id, "now": now, "after": after})
            if not found:
                break
            expired += write(Action.EXPIRE, organisation_id, found, reference=REFERENCE, now=now)
            after = found[-1][0]
            run.save(checkpoint={"after": after, "expired": expired}, done=expired)
        if len(found) < CHUNK:
            break
    return {"expired": expired}
