"""After a message has gone out: those who were still to be told where their data comes from have been told (I-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from consent.audiences.lots import handed_off_ids
from consent.audiences.models import Audience
from portal.jobs.actions import start_job
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from subscribers.contacts.informing import anybody_to_inform, mark_informed

CHUNK = 10_000


def note_informed(actor: Actor, audience: Audience) -> None:
    """Start the job, where anybody is waiting; a test message informs nobody."""
    from consent.engine.tasks import mark_as_informed

    if audience.test or not audience.handed_off.get("upto") or not anybody_to_inform(audience.organisation):
        return
    start_job(actor=actor, organisation=audience.organisation, task=mark_as_informed, target_id=audience.pk)


def execute_informing(run: JobRun) -> dict[str, Any]:
    """Go through those who were handed off, chunk by chunk; answers how many had still to be told."""
    audience = Audience.objects.select_related("organisation").get(pk=run.job.target_id)
    ids = handed_off_ids(audience)
    position, informed = run.checkpoint.get("position", 0), run.checkpoint.get("informed", 0)
    while position < len(ids):
        chunk = list(ids[position : position + CHUNK])
        position, informed = one_chunk(run, audience, chunk, position, informed, len(ids))
    return {"informed": informed}


@transaction.atomic
def one_chunk(
    run: JobRun, audience: Audience, chunk: Sequence[int], position: int, informed: int, expected: int
) -> tuple[int, int]:
    assert audience.completed_at is not None  # noqa: S101 - the job is started by its completion
    position += len(chunk)
    informed += mark_informed(audience.organisation, chunk, at=audience.completed_at)
    run.save(checkpoint={"position": position, "informed": informed}, done=position, expected=expected)
    return position, informed
