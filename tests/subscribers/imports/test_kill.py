"""A worker killed with -9 in mid-import: the next one goes on, and nobody can tell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.chunks import Chunk
from subscribers.imports.models import Import, ImportReject
from tests.people import new_organisation
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload, imported

WORKER = """
import sys, time, django
django.setup()
from django.conf import settings
from django.db import connections
connections.databases["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
from subscribers.imports import running
running.CHUNK_ROWS, running.BLOCK_BYTES = 200, 4000
merge = running.Merger._merge
def slowly(self, chunk, suppressed):
    merge(self, chunk, suppressed)
    time.sleep(0.05)
running.Merger._merge = slowly
settings.MEDIA_ROOT = sys.argv[3]
from subscribers.imports.tasks import run_import
run_import(int(sys.argv[2]))
"""


def people(count: int) -> str:
    rows = [f"p{number % (count - 50)}@x.example,{number},Name {number}" for number in range(count)]
    rows[7::97] = ["bad,1,Bad"] * len(rows[7::97])
    return "email,external id,first name\n" + "\n".join(rows) + "\n"


def contacts_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        return sorted(Contact.objects.values_list("email_key", "external_id", "first_name"))


def rejects_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        return sorted(ImportReject.objects.values_list("line", "code"))


def kill_in_the_middle(job: Job, media: str, after: int) -> None:
    """Start a worker and kill it once it has read more than so many rows; then let its silence be noticed."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, connection.settings_dict["NAME"], str(job.pk), media],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
    )
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline and worker.poll() is None:
            job.refresh_from_db()
            if job.done > after:
                break
            time.sleep(0.01)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    job.refresh_from_db()
    assert after < job.done < 5000
    assert job.state == "running"
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.django_db
def test_a_worker_that_was_thought_dead_changes_nothing(acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK_ROWS", 200)
    monkeypatch.setattr(running, "BLOCK_BYTES", 4000)
    with scope(organisation=acme):
        source = create_import(
            actor=Actor.system(acme), organisation=acme, upload=csv_upload(people(2000)), choice=ReadingChoice(),
            declaration=OUR_FORM,
        )  # fmt: skip
    take = running.Merger.take
    taken: list[int] = []

    def overtaken(merger: running.Merger, chunk: Chunk) -> None:
        taken.append(chunk.read)
        if len(taken) == 3:
            with scopes_disabled():
                Job.objects.filter(pk=source.job_id).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
            run_job(source.job_id, running.execute_import, on_failure=running.fail_import)
        take(merger, chunk)

    monkeypatch.setattr(running.Merger, "take", overtaken)
    run_job(source.job_id, running.execute_import, on_failure=running.fail_import)
    with scopes_disabled():
        source = Import.objects.get(pk=source.pk)
    assert source.state == "done"
    assert source.rows_read == 2000
    assert len(contacts_of(acme)) == source.rows_created


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_ends_like_an_undisturbed_one(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    content = people(5000)
    calm, rough = new_organisation("calm"), new_organisation("rough")
    with scope(organisation=calm):
        undisturbed = imported(calm, content)
    with scope(organisation=rough):
        source = create_import(
            actor=Actor.system(rough), organisation=rough, upload=csv_upload(content), choice=ReadingChoice(),
            declaration=OUR_FORM,
        )  # fmt: skip
    with scopes_disabled():
        job = Job.objects.get(pk=source.job_id)
        for after in (400, 1800):
            kill_in_the_middle(job, str(tmp_path), after)
    run_job(job.pk, running.execute_import, on_failure=running.fail_import)
    with scopes_disabled():
        source = Import.objects.get(pk=source.pk)
        job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 3)
    assert (source.state, source.file.name) == ("done", "")
    assert not list((tmp_path / "imports").iterdir())
    assert counts_of(source) == counts_of(undisturbed)
    assert source.rows_read == 5000
    assert contacts_of(rough) == contacts_of(calm)
    assert rejects_of(rough) == rejects_of(calm)
    assert len(contacts_of(rough)) == source.rows_created
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^import_(stage|merged)_'")
        assert cursor.fetchone()[0] == 0
