"""What imports leave behind, and for how long: stored files, rejected rows, tables of runs that died (G 5(1)(e)).

Nobody asks for these; the schedule does, for all organisations at once.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django_scopes import scopes_disabled

from portal import audit
from portal.jobs.models import JobState
from portal.organisations.actors import Actor
from subscribers.imports.actions import cancel_import
from subscribers.imports.files import FOLDER, delete_tree, discard_file
from subscribers.imports.merging import sql
from subscribers.imports.merging.staging import stage_tables
from subscribers.imports.models import Import, ImportState
from subscribers.imports.passport.documents import sweep_documents
from subscribers.imports.undo.retention import destroy_changes

A_DAY = timedelta(days=1)
OPEN = (ImportState.UPLOADED, ImportState.RUNNING, ImportState.PAUSED)
ENDED_AS = {JobState.FAILED: ImportState.FAILED, JobState.CANCELLED: ImportState.CANCELLED}


def tidy_imports(*, now: datetime) -> dict[str, int]:
    """Destroy what is no longer needed; how much of each kind there was."""
    before = now - timedelta(days=settings.ACCORD.import_file_days)
    with scopes_disabled():
        return {
            "paused": cancel_paused(before, now),
            "closed": close_forgotten(now),
            "files": destroy_files(before, now),
            "rejects": destroy_rejects(before),
            "changes": destroy_changes(now),
            "leftovers": sweep_storage(now) + sweep_documents(now),
            "stages": drop_dead_stages(),
        }


def cancel_paused(before: datetime, now: datetime) -> int:
    """A pause without end would keep a file without end."""
    found = list(Import.objects.filter(job__state=JobState.PAUSED, job__waiting_since__lt=before))
    for source in found:
        actor = Actor.system(source.organisation, reference="schedule:tidy_imports")
        cancel_import(actor=actor, source=source)
    return len(found)


def close_forgotten(now: datetime) -> int:
    """End the imports whose job was given up while no worker was there to say so."""
    found = Import.objects.filter(state__in=OPEN, job__state__in=list(ENDED_AS)).select_related("job", "organisation")
    for source in found:
        if source.job is not None:
            end(source, ENDED_AS[JobState(source.job.state)], now, source.job.error_code)
    return len(found)


@transaction.atomic
def end(source: Import, state: ImportState, now: datetime, code: str = "") -> None:
    Import.objects.filter(pk=source.pk).update(state=state, error_code=code, finished_at=now)
    if not source.dry_run:
        discard_file(source)
    actor = Actor.system(source.organisation, reference="schedule:tidy_imports")
    audit.record(actor=actor, action="import.closed", target=source, details={"state": state.value}, at=now)


def destroy_files(before: datetime, now: datetime) -> int:
    """The originals of uploads that nobody went on with, of dry runs, and of imports that wait in quarantine."""
    found = list(old_files(before).select_related("organisation", "job"))
    for source in found:
        if source.state == ImportState.UPLOADED:
            end(source, ImportState.CANCELLED, now)
        with transaction.atomic():
            discard_file(source)
            actor = Actor.system(source.organisation, reference="schedule:tidy_imports")
            audit.record(actor=actor, action="import.file_destroyed", target=source, at=now)
    return len(found)


def old_files(before: datetime) -> QuerySet[Import]:
    ended = Q(job=None) | Q(job__state__in=JobState.ended())
    return (
        Import.objects.exclude(file="")
        .annotate(last=Coalesce(F("finished_at"), F("created_at")))
        .filter(ended, last__lt=before)
        .order_by("pk")
    )


def destroy_rejects(before: datetime) -> int:
    """Rows that were not taken are personal data that nobody corrected in time; their counts stay."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OLD_REJECTS, {"before": before})
        return int(cursor.rowcount)


def sweep_storage(now: datetime) -> int:
    """Folders of imports that are gone or done with their files, and uploads whose request died.

    Only what is a day old, so that none is on its way.
    """
    folders, files = default_storage.listdir(FOLDER) if default_storage.exists(FOLDER) else ([], [])
    numbers = [int(name) for name in folders if name.isdecimal()]
    known = set(Import.objects.filter(pk__in=numbers).exclude(file="").values_list("pk", flat=True))
    stray = [name for name in folders if not (name.isdecimal() and int(name) in known)]
    old = [path for name in (*stray, *files) if is_old(path := f"{FOLDER}/{name}", now)]
    for path in old:
        delete_tree(path)
    return len(old) + sweep_uploads(now)


def is_old(path: str, now: datetime) -> bool:
    return default_storage.get_modified_time(path) < now - A_DAY


def sweep_uploads(now: datetime) -> int:
    old = (now - A_DAY).timestamp()
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    gone = [path for path in folder.glob("*.upload*") if os.path.getmtime(path) < old] if folder.is_dir() else []
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def drop_dead_stages() -> int:
    """Staging tables whose import is not running; one that is being used is left for the next time."""
    tables = stage_tables()
    alive = set(
        Import.objects.filter(pk__in=tables).exclude(job__state__in=JobState.ended()).values_list("pk", flat=True)
    )
    dead = [table for import_id, names in tables.items() if import_id not in alive for table in names]
    for table in dead:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
    return len(dead)
