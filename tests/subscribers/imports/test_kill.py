"""A worker killed with -9 in mid-import: the next one goes on, and nobody can tell."""

from __future__ import annotations

import os
import random
import subprocess
import sys
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
from subscribers.imports.merging.feeding import ReadyChunk
from subscribers.imports.merging.staging import stage_tables
from subscribers.imports.models import Import, ImportChange, ImportReject
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.consent.choices import choose, new_purpose
from tests.people import new_contact, new_organisation
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload

# Forks for each job that it is asked for, so that dying costs no start of Python; kills the child so many seconds after
# it has merged so many chunks.
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
from subscribers.imports.tasks import run_import
print("ready", flush=True)
for line in sys.stdin:
    job, chunks, seconds = line.split()
    merged, telling = os.pipe()
    child = os.fork()
    if not child:
        def told(self, *arguments):
            merge(self, *arguments)
            os.write(telling, b".")
            time.sleep(0.02)
        running.Merger._merge = told
        run_import(int(job))
        os._exit(0)
    os.close(telling)
    for _chunk in range(int(chunks)):
        os.read(merged, 1)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(merged)
    print("over", flush=True)
"""
ROWS, KILLS, SEED = 9000, 10, 20261126
CLAIM = replace(
    OUR_FORM,
    consents=({"purpose": "newsletter", "channel": "email"},),
    collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)


def people(count: int) -> str:
    """Repeated, bad and unsubscribed ones among them."""
    rows = [f"p{number % (count - 50)}@x.example,{number},Name {number},subscribed" for number in range(count)]
    rows[7::97] = ["bad,1,Bad,"] * len(rows[7::97])
    rows[9::89] = [row.replace(",subscribed", ",unsubscribed") for row in rows[9::89]]
    return "email,external id,first name,status\n" + "\n".join(rows) + "\n"


def started(slug: str, content: str) -> Import:
    """An import that waits; some of its people are known by other names, one refused, two are suppressed."""
    organisation = new_organisation(slug)
    known = [new_contact(organisation, f"p{number}@x.example", first_name="Old") for number in range(10, ROWS, 60)]
    with scope(organisation=organisation):
        purpose = new_purpose(organisation)
        choose(known[0], purpose, "refuse")
        choose(new_contact(organisation, "p98@x.example"), purpose, "grant")  # unsubscribed in the file
        actor = Actor.system(organisation)
        suppress(actor=actor, organisation=organisation, channel="email", addresses=["p20@x.example", "p21@x.example"])
        return create_import(
            actor=actor, organisation=organisation, upload=csv_upload(content),
            choice=ReadingChoice(update_rule="overwrite"), declaration=CLAIM,
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


def changes_of(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        noted = ImportChange.objects.values_list("contact__email_key", "before", "after")
        return sorted((email, str(before), str(after)) for email, before, after in noted)


def suppressed_in(organisation: Organisation) -> list[tuple[object, ...]]:
    with scope(organisation=organisation):
        entries = Suppression.objects.values_list("channel", "reason", "contact__email_key")
        return sorted((channel, reason, email or "") for channel, reason, email in entries)


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

    def run(self, job: Job, chunks: int = ROWS, seconds: float = 0) -> None:
        """The job, until it is over or killed so many seconds after a chunk; then let its silence be noticed."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{job.pk} {chunks} {seconds}\n")
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
    moments = random.Random(SEED)
    with scopes_disabled():
        workers.run(calm.job)
        for _ in range(KILLS):
            workers.run(rough.job, moments.randrange(3), moments.uniform(0, 0.08))
        rough.job.refresh_from_db()
        assert 0 < rough.job.done < ROWS, "it was at work when it was killed"
        workers.run(rough.job)
        calm, rough = (Import.objects.select_related("job").get(pk=source.pk) for source in (calm, rough))
    assert rough.job.attempts > KILLS / 2
    assert (calm.state, rough.state, rough.job.state, rough.file.name) == ("done", "done", "done", "")
    assert not list((tmp_path / "imports").iterdir())
    assert counts_of(rough) == counts_of(calm)
    assert rough.stage_counts == calm.stage_counts
    for look in (contacts_of, rejects_of, consents_of, changes_of, suppressed_in):
        assert look(rough.organisation) == look(calm.organisation), look.__name__
    assert len(changes_of(rough.organisation)) == rough.rows_updated > 100
    assert len(suppressed_in(rough.organisation)) > 50
    assert len(contacts_of(rough.organisation)) == rough.rows_created + ROWS / 60 + 1
    assert len(consents_of(rough.organisation)) > 2 * rough.rows_created
    assert not stage_tables()
