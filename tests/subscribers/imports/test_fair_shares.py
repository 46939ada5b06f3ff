"""Real workers: a small import never waits for a large one, and no organisation for the end of another's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from portal.jobs.queues import Queue
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports import lanes
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.merging.staging import drop_stages, stage_tables
from subscribers.imports.models import Import
from tests.subscribers.imports.files import OUR_FORM, csv_upload

pytestmark = pytest.mark.django_db(transaction=True)
LARGE, SMALL, CHUNK = 20_000, 1_000, 500

WORKER = """
import sys, time, django
from datetime import timedelta
django.setup()
from django.conf import settings
from django.db import connections
database, media, queue, small, chunk = sys.argv[1:]
connections.databases["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database
settings.MEDIA_ROOT = media
from portal.jobs import leases
leases.TURN, leases.PATIENCE, leases.LOOK_EVERY = timedelta(seconds=1), timedelta(seconds=0.2), 0.2
from subscribers.imports import lanes, running
lanes.SMALL_BYTES = int(small)
running.CHUNK_ROWS, running.BLOCK_BYTES = int(chunk), 8000
merge = running.Merger._merge
def slowly(self, *arguments):
    merge(self, *arguments)
    time.sleep(0.2)
running.Merger._merge = slowly
from portal.celery import app
app.worker_main(["worker", "--pool", "solo", "--queues", queue, "--hostname", queue + "@test", "--loglevel", "ERROR",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


@pytest.fixture
def workers(tmp_path: Path, settings: Any) -> Iterator[Callable[..., None]]:
    """Starts a worker of one process for each queue, on the test's database."""
    settings.MEDIA_ROOT = str(tmp_path)
    started: list[subprocess.Popen[bytes]] = []

    def start(*queues: Queue) -> None:
        for queue in queues:
            sizes = [str(lanes.SMALL_BYTES), str(CHUNK)]
            command = [
                sys.executable,
                "-c",
                WORKER,
                connection.settings_dict["NAME"],
                str(tmp_path),
                queue.value,
                *sizes,
            ]
            environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
            started.append(subprocess.Popen(command, env=environment))

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()
    for import_id in stage_tables():
        drop_stages(import_id)


def started(organisation: Organisation, rows: int) -> Import:
    people = "email\n" + "".join(f"p{number}@x.example\n" for number in range(rows))
    with scope(organisation=organisation):
        return create_import(
            actor=Actor.system(organisation), organisation=organisation, upload=csv_upload(people),
            choice=ReadingChoice(), declaration=OUR_FORM,
        )  # fmt: skip


@scopes_disabled()
def now(source: Import) -> Import:
    return Import.objects.select_related("job").get(pk=source.pk)


def wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_small_import_ends_long_before_a_large_one_that_came_first(
    acme: Organisation, other: Organisation, workers: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SMALL_BYTES", 50_000)
    workers(Queue.IMPORTS, Queue.IMPORTS_SMALL)
    large = started(acme, LARGE)
    wait_for(lambda: now(large).rows_read > 0)
    small = started(other, SMALL)
    wait_for(lambda: now(small).state == "done")
    assert now(small).rows_created == SMALL
    assert now(large).state == "running"
    assert now(large).rows_read < LARGE / 2


def test_work_that_turns_out_larger_goes_on_in_the_other_lane(
    acme: Organisation, workers: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive is small until it is unpacked."""
    source = started(acme, SMALL)
    assert now(source).job.queue == Queue.IMPORTS_SMALL  # type: ignore[union-attr]
    monkeypatch.setattr(lanes, "SMALL_BYTES", 1000)
    workers(Queue.IMPORTS, Queue.IMPORTS_SMALL)
    wait_for(lambda: now(source).state == "done")
    assert now(source).job.queue == Queue.IMPORTS  # type: ignore[union-attr]


def test_an_organisation_does_not_wait_for_all_that_another_brought_before(
    acme: Organisation, other: Organisation, workers: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker, two large files of one organisation, then one of another: they take turns."""
    monkeypatch.setattr(lanes, "SMALL_BYTES", 0)
    workers(Queue.IMPORTS)
    first, second = started(acme, LARGE), started(acme, LARGE)
    wait_for(lambda: now(first).rows_read > 0)
    third = started(other, 4 * CHUNK)
    wait_for(lambda: now(third).state == "done")
    assert [now(source).state != "done" for source in (first, second)] == [True, True]
    assert 0 < now(first).rows_read < LARGE
