"""A worker killed with -9 in mid-import: the next one goes on, and nobody can tell."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from consent.ledger.models import ConsentEvent, ConsentState
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.feeding import ReadyChunk
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.staging import stage_tables
from subscribers.suppression.actions import suppress
from tests.consent.choices import choose, new_purpose
from tests.people import new_contact, new_organisation
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload

# Forks for each job that it is asked for, so that dying costs no start of Python.
WORKER = """
import os, signal, sys, time, django
django.setup()
from django.conf import settings
from django.db import connections
database, settings.MEDIA_ROOT = sys.argv[1:]
connections.databases["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database
from portal.celery import app
app.send_task = lambda *_arguments, **_options: None
from subscribers.imports import running
running.CHUNK_ROWS, running.BLOCK_BYTES = 200, 8000
merge = running.Merger._merge
def slowly(self, *arguments):
    merge(self, *arguments)
    time.sleep(0.02)
running.Merger._merge = slowly
from subscribers.imports.tasks import run_import
print("ready", flush=True)
for line in sys.stdin:
    job, seconds = line.split()
    child = os.fork()
    if not child:
        run_import(int(job))
        os._exit(0)
    deadline = time.monotonic() + float(seconds)
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.001)
    print("over", flush=True)
"""
ROWS, KILLS, SEED = 6000, 12, 20261126
CLAIM = replace(
    OUR_FORM,
    consents=({"purpose": "newsletter", "channel": "email"},),
    collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)


def people(count: int) -> str:
    rows = [f"p{number % (count - 50)}@x.example,{number},Name {number}" for number in range(count)]
    rows[7::97] = ["bad,1,Bad"] * len(rows[7::97])
    return "email,external id,first name\n" + "\n".join(rows) + "\n"


def started(slug: str, content: str) -> Import:
    """An import that waits, of people of whom one refused and two are suppressed."""
    organisation = new_organisation(slug)
    refuser = new_contact(organisation, "p10@x.example")
    with scope(organisation=organisation):
        purpose = new_purpose(organisation)
        choose(refuser, purpose, "refuse")
        actor = Actor.system(organisation)
        suppress(actor=actor, organisation=organisation, channel="email", addresses=["p20@x.example", "p21@x.example"])
        return create_import(
            actor=actor, organisation=organisation, upload=csv_upload(content),
            choice=ReadingChoice(), declaration=CLAIM,
        )  # fmt: skip


def contacts_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        return sorted(Contact.objects.values_list("email_key", "external_id", "first_name"))


def rejects_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        return sorted(ImportReject.objects.values_list("line", "code"))


def consents_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        events = ConsentEvent.objects.values_list("contact__email_key", "action", "source", "occurred_at")
        states = ConsentState.objects.values_list("contact__email_key", "channel", "status", "since")
        return [*sorted(events), *sorted(states)]


class Workers:
    """Runs a job in a process of its own, and kills that at a moment of our choice."""

    def __init__(self, media: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", WORKER, connection.settings_dict["NAME"], str(media)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._wait_for("ready")

    def run(self, job: Job, seconds: float = 60) -> None:
        """The job, until it is over or killed after so many seconds; then let its silence be noticed."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{job.pk} {seconds}\n")
        self._parent.stdin.flush()
        self._wait_for("over")
        Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))

    def _wait_for(self, word: str) -> None:
        assert self._parent.stdout is not None
        assert self._parent.stdout.readline() == f"{word}\n"

    def end(self) -> None:
        self._parent.kill()
        self._parent.wait()


@pytest.fixture
def workers(tmp_path: Path, settings: Any) -> Iterator[Workers]:
    settings.MEDIA_ROOT = str(tmp_path)
    made = Workers(tmp_path)
    yield made
    made.end()


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

    def overtaken(merger: running.Merger, chunk: ReadyChunk) -> None:
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
def test_an_import_that_is_killed_again_and_again_ends_like_an_undisturbed_one(
    workers: Workers, tmp_path: Path
) -> None:
    content = people(ROWS)
    calm, rough = started("calm", content), started("rough", content)
    begun = time.monotonic()
    with scopes_disabled():
        workers.run(calm.job)
        seconds = time.monotonic() - begun
        moments = random.Random(SEED)
        reached = []
        for _ in range(KILLS):
            workers.run(rough.job, moments.uniform(0, seconds / 3))
            rough.job.refresh_from_db()
            reached.append(rough.job.done)
        workers.run(rough.job)
        calm, rough = (Import.objects.select_related("job").get(pk=source.pk) for source in (calm, rough))
    assert rough.job.attempts > KILLS / 2, "it was at work when it was killed"
    assert len(set(reached)) > 2, "not always at the same place"
    assert (calm.state, rough.state, rough.job.state, rough.file.name) == ("done", "done", "done", "")
    assert not list((tmp_path / "imports").iterdir())
    assert counts_of(rough) == counts_of(calm)
    assert rough.stage_counts == calm.stage_counts
    assert rough.rows_suppressed == 2
    assert contacts_of(rough.organisation) == contacts_of(calm.organisation)
    assert len(contacts_of(rough.organisation)) == rough.rows_created + 1
    assert rejects_of(rough.organisation) == rejects_of(calm.organisation)
    assert consents_of(rough.organisation) == consents_of(calm.organisation)
    assert len(consents_of(rough.organisation)) > 2 * rough.rows_created
    assert not stage_tables()
