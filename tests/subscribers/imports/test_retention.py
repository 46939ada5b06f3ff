"""Nothing of a file outlives its use: originals, rejected rows, tables of runs that died (R-11, G 5(1)(e))."""

from __future__ import annotations

import os
import stat
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.audit.models import AuditEntry
from portal.celery import app
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.actions import ReadingChoice, create_import, upload_file
from subscribers.imports.files import sealed_writer
from subscribers.imports.merging.staging import stage_tables
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.retention import tidy_imports
from tests.subscribers.imports.files import OUR_FORM, csv_upload, imported

pytestmark = pytest.mark.django_db
PEOPLE = "email\nada@example.org\nbad\n"
DAYS = django_settings.ACCORD.import_file_days


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path / "imports"


@pytest.fixture(autouse=True)
def committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the commit is done at once: a test never commits."""
    from django.db import transaction

    monkeypatch.setattr(transaction, "on_commit", lambda work, **_: work())


def uploaded(organisation: Organisation) -> Import:
    return upload_file(actor=Actor.system(organisation), organisation=organisation, upload=csv_upload(PEOPLE))


def later(days: float) -> dict[str, int]:
    return tidy_imports(now=timezone.now() + timedelta(days=days))


def test_files_are_for_the_owner_alone(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    assert stat.S_IMODE(os.stat(source.file.path).st_mode) == 0o600
    assert stat.S_IMODE(media.stat().st_mode) == 0o700


def test_an_upload_that_nobody_went_on_with_is_destroyed(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    assert later(DAYS - 1)["files"] == 0
    assert later(DAYS + 1)["files"] == 1
    source.refresh_from_db()
    assert (source.state, source.file.name, source.file_key) == ("cancelled", "", None)
    assert list(media.iterdir()) == []
    with scopes_disabled():
        assert AuditEntry.objects.filter(action="import.file_destroyed", target_id=str(source.pk)).count() == 1
    assert later(DAYS + 2)["files"] == 0


@pytest.mark.parametrize(("origin", "dry_run", "state"), [("own_form", True, "done"), ("bought", False, "quarantined")])
def test_files_of_dry_runs_and_of_quarantine_are_destroyed_in_time(
    in_acme: Organisation, media: Path, origin: str, dry_run: bool, state: str
) -> None:
    from dataclasses import replace

    source = imported(in_acme, PEOPLE, declaration=replace(OUR_FORM, origin_kind=origin), dry_run=dry_run)
    assert (source.state, bool(source.file)) == (state, True)
    assert later(DAYS - 1)["files"] == 0
    assert later(DAYS + 1)["files"] == 1
    source.refresh_from_db()
    assert (source.state, source.file.name, list(media.iterdir())) == (state, "", [])


def test_rejected_rows_go_and_their_counts_stay(in_acme: Organisation) -> None:
    source = imported(in_acme, PEOPLE)
    assert later(DAYS - 1)["rejects"] == 0
    assert later(DAYS + 1)["rejects"] == 1
    source.refresh_from_db()
    assert not ImportReject.objects.exists()
    assert (source.rows_rejected, source.rejects_by_code) == (1, {"invalid_email": 1})


def test_an_import_that_waits_for_its_worker_keeps_its_file(in_acme: Organisation) -> None:
    source = create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(PEOPLE), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip
    assert later(DAYS + 1)["files"] == 0
    source.refresh_from_db()
    assert source.file


def test_an_import_whose_job_was_given_up_ends_with_it(in_acme: Organisation, media: Path) -> None:
    source = create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(PEOPLE), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip
    Import.objects.filter(pk=source.pk).update(state="running")
    Job.objects.filter(pk=source.job_id).update(state="failed", error_code="too_many_attempts")
    assert later(0)["closed"] == 1
    source.refresh_from_db()
    assert (source.state, source.error_code, source.file.name) == ("failed", "too_many_attempts", "")
    assert list(media.iterdir()) == []


def test_stray_files_go_after_a_day(in_acme: Organisation, media: Path, tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    kept = uploaded(in_acme)
    fresh, old, gone = media / "fresh.csv", media / "old.csv", media / "999999"
    gone.mkdir()
    upload = settings.FILE_UPLOAD_TEMP_DIR / "x.upload.csv"
    for path in (fresh, old, gone / "table", upload):
        path.write_text(PEOPLE)
    for path in (old, gone, upload, media / str(kept.pk)):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert later(0)["leftovers"] == 3
    assert sorted(path.name for path in media.iterdir()) == sorted(["fresh.csv", str(kept.pk)])
    assert default_storage.exists(kept.file.name)


def test_every_file_of_an_import_goes_with_it_and_so_does_their_key(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    with sealed_writer(source, "outcomes/created-1") as stream:
        stream.write(b"ada@example.org")
    assert later(DAYS + 1)["files"] == 1
    source.refresh_from_db()
    assert (list(media.iterdir()), source.file_key) == ([], None)


def test_tables_of_runs_that_died_are_dropped_and_those_in_use_are_not(in_acme: Organisation) -> None:
    running = create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(PEOPLE), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip
    ended = imported(in_acme, "email\nben@example.org\n")
    with connection.cursor() as cursor:
        for import_id in (running.pk, ended.pk, 999_999):
            cursor.execute(f"CREATE UNLOGGED TABLE import_stage_{import_id}_1_0 ()")
        cursor.execute("CREATE TABLE import_stage_of_somebody_else ()")
    assert later(0)["stages"] == 2
    assert set(stage_tables()) == {running.pk}


def test_the_schedule_asks_for_it() -> None:
    assert "subscribers.imports.tasks.tidy_imports" in {entry["task"] for entry in app.conf.beat_schedule.values()}
