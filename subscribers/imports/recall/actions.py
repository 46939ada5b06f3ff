"""Freeze, inform, delete (I-12): at any time, also when an import can no longer be undone."""

from __future__ import annotations

from portal.jobs.models import Job
from portal.organisations.actors import Actor
from subscribers.imports.models import Import


def freeze_import(*, actor: Actor, source: Import, reason: str) -> Import:
    """From this moment nobody of the lot is written to. Raises ``lot_frozen``, ``dry_run_only``, ``invalid_input``."""
    raise NotImplementedError


def unfreeze_import(*, actor: Actor, source: Import) -> Import:
    """Let the lot be written to again. Raises ``lot_not_frozen``, ``lot_deleted``."""
    raise NotImplementedError


def inform_of_recall(*, actor: Actor, source: Import) -> int:
    """Tell the owners and the DPO by mail which lot, how many people and where they went; how many mails were queued.

    Raises ``lot_not_frozen``.
    """
    raise NotImplementedError


def delete_lot(*, actor: Actor, source: Import) -> Job:
    """Start the job that erases the people of a frozen lot, except who agreed elsewhere, and reverts its consents.

    Raises ``lot_not_frozen``, ``lot_deleted``, ``import_unfinished``.
    """
    raise NotImplementedError
