"""Freeze, inform, delete (I-12): at any time, also when an import can no longer be undone."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.jobs.actions import start_job
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.roles import Capability
from subscribers.imports.lanes import lane_of
from subscribers.imports.models import Import
from subscribers.imports.recall.errors import LotDeletedError, LotFrozenError, LotNotFrozenError
from subscribers.imports.recall.letters import tell_of_recall
from subscribers.imports.undo.errors import DryRunError, ImportUnfinishedError

LONGEST_REASON = 2000


@transaction.atomic
def freeze_import(*, actor: Actor, source: Import, reason: str) -> Import:
    """From this moment nobody of the lot is written to. Raises ``lot_frozen``, ``dry_run_only``, ``invalid_input``."""
    if not (actor.may(Capability.IMPORTS_RELEASE) or actor.may(Capability.IMPORTS_RUN)):
        raise PermissionDeniedError
    now = timezone.now()
    kept = locked(source)
    if kept.dry_run:
        raise DryRunError
    if kept.frozen_at is not None:
        raise LotFrozenError
    kept.frozen_at, kept.frozen_reason = now, checked_reason(reason)
    kept.save(update_fields=["frozen_at", "frozen_reason"])
    audit.record(actor=actor, action="import.frozen", target=kept, at=now)
    return kept


def checked_reason(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise InvalidInputError.at("reason", code="required", detail=_("Say why the lot is recalled."))
    if len(text) > LONGEST_REASON or "\x00" in text:
        raise InvalidInputError.at("reason", code="too_long", detail=_("At most 2,000 characters."))
    return text


@transaction.atomic
def unfreeze_import(*, actor: Actor, source: Import) -> Import:
    """Let the lot be written to again. Raises ``lot_not_frozen``, ``lot_deleted``."""
    actor.require(Capability.IMPORTS_RELEASE)
    now = timezone.now()
    kept = to_recall(source)
    kept.frozen_at, kept.frozen_reason = None, ""
    kept.save(update_fields=["frozen_at", "frozen_reason"])
    audit.record(actor=actor, action="import.unfrozen", target=kept, at=now)
    return kept


@transaction.atomic
def inform_of_recall(*, actor: Actor, source: Import) -> int:
    """Tell the owners and the DPO by mail which lot, how many people and where they went; how many mails were queued.

    Raises ``lot_not_frozen``.
    """
    actor.require(Capability.IMPORTS_RELEASE)
    now = timezone.now()
    kept = locked(source)
    if kept.frozen_at is None:
        raise LotNotFrozenError
    told = tell_of_recall(kept)
    audit.record(actor=actor, action="import.recall_told", target=kept, details={"mails": told}, at=now)
    return told


@transaction.atomic
def delete_lot(*, actor: Actor, source: Import) -> Job:
    """Start the job that erases the people of a frozen lot, except who agreed elsewhere, and reverts its consents.

    Raises ``lot_not_frozen``, ``lot_deleted``, ``import_unfinished``.
    """
    from subscribers.imports.recall.tasks import run_deletion

    actor.require(Capability.IMPORTS_RELEASE)
    now = timezone.now()
    kept = to_recall(source)
    if kept.job and not kept.job.ended:
        raise ImportUnfinishedError
    job = start_job(
        actor=actor, organisation=kept.organisation, task=run_deletion, target_id=kept.pk, queue=lane_of(kept)
    )
    Import.objects.filter(pk=kept.pk).update(delete_job=job)
    audit.record(actor=actor, action="import.deletion_started", target=kept, at=now)
    return job


def locked(source: Import) -> Import:
    return (
        Import.objects.select_for_update(of=("self",))
        .select_related("organisation", "job", "delete_job")
        .get(pk=source.pk)
    )


def to_recall(source: Import) -> Import:
    """The frozen lot, locked; raises ``lot_not_frozen`` and ``lot_deleted``."""
    kept = locked(source)
    if kept.deleted_at is not None or (kept.delete_job and not kept.delete_job.ended):
        raise LotDeletedError
    if kept.frozen_at is None:
        raise LotNotFrozenError
    return kept
