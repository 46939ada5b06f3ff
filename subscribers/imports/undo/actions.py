"""Ask for an import to be undone; the work itself is a job (`subscribers.imports.undo.running`)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.jobs.actions import start_job
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.roles import Capability
from subscribers.imports.lanes import lane_of
from subscribers.imports.models import Import
from subscribers.imports.undo.queries import refusal_to_undo


@transaction.atomic
def undo_import(*, actor: Actor, source: Import) -> Job:
    """Start the undo, within ``ACCORD.import_undo_days`` of the end; the import is ``undone`` when the job ends.

    Raises ``import_undone``, ``undo_too_late``, ``import_unfinished`` and ``dry_run_only``.
    """
    from subscribers.imports.undo.tasks import run_undo

    actor.require(Capability.IMPORTS_RUN)
    now = timezone.now()
    kept = Import.objects.select_for_update(of=("self",)).select_related("organisation", "undo_job").get(pk=source.pk)
    refusal = refusal_to_undo(kept, now)
    if refusal is not None:
        raise refusal
    job = start_job(actor=actor, organisation=kept.organisation, task=run_undo, target_id=kept.pk, queue=lane_of(kept))
    Import.objects.filter(pk=kept.pk).update(undo_job=job)
    audit.record(actor=actor, action="import.undo_started", target=kept, at=now)
    return job
