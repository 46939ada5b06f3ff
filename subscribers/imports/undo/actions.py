"""Ask for an import to be undone; the work itself is a job (`subscribers.imports.undo.running`)."""

from __future__ import annotations

from portal.jobs.models import Job
from portal.organisations.actors import Actor
from subscribers.imports.models import Import


def undo_import(*, actor: Actor, source: Import) -> Job:
    """Start the undo, within ``ACCORD.import_undo_days`` of the end; the import is ``undone`` when the job ends.

    Raises ``import_undone``, ``undo_too_late``, ``import_unfinished`` and ``dry_run_only``.
    """
    raise NotImplementedError
