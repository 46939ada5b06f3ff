"""Lots in the tests: files with consents, and the shortest way through release, undo and deletion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django_scopes import scope

from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.models import Import, ImportSample
from subscribers.imports.quarantine.actions import release_import
from subscribers.imports.quarantine.tasks import confirm_lot
from subscribers.imports.recall.actions import delete_lot, freeze_import
from subscribers.imports.recall.tasks import run_deletion
from subscribers.imports.undo.actions import undo_import
from subscribers.imports.undo.tasks import run_undo
from tests.subscribers.imports.files import OUR_FORM, imported

CLAIM = replace(
    OUR_FORM,
    consents=({"purpose": "newsletter", "channel": "email"},),
    collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)
BOUGHT = replace(CLAIM, origin_kind="bought", origin_name="Lists Ltd", collected_by="Lists Ltd")


def brought(organisation: Organisation, content: str, *, of: Any = CLAIM, **choice: Any) -> Import:
    """A file with its claims, imported."""
    with scope(organisation=organisation):
        source = imported(organisation, content, declaration=of, **choice)
    assert not source.error_code
    return source


def undone(source: Import) -> Import:
    """The import after its undo."""
    with scope(organisation=source.organisation):
        job = undo_import(actor=Actor.system(source.organisation), source=source)
    run_undo(job.pk)
    return fresh(source)


def fresh(source: Import) -> Import:
    with scope(organisation=source.organisation):
        return Import.objects.get(pk=source.pk)


def proven(source: Import) -> list[dict[str, Any]]:
    """A verdict for every row of the sample: all proven."""
    with scope(organisation=source.organisation):
        rows = ImportSample.objects.filter(source_import=source).order_by("line")
        return [{"row": row.line, "verdict": "proven", "note": "Form of 3 February"} for row in rows]


def released(source: Import, actor: Actor | None = None) -> Import:
    """The import after all of its sample was proven, and its claims confirmed."""
    organisation = source.organisation
    with scope(organisation=organisation):
        release_import(actor=actor or Actor.system(organisation), source=source, checked=proven(source))
        job = Job.objects.get(task=confirm_lot.name, target_id=str(source.pk))
    confirm_lot(job.pk)
    return fresh(source)


def frozen(source: Import) -> Import:
    with scope(organisation=source.organisation):
        return freeze_import(actor=Actor.system(source.organisation), source=source, reason="No proof came.")


def deleted(source: Import) -> Import:
    """The import after its lot was frozen and deleted."""
    if source.frozen_at is None:
        frozen(source)
    with scope(organisation=source.organisation):
        job = delete_lot(actor=Actor.system(source.organisation), source=source)
    run_deletion(job.pk)
    return fresh(source)
