"""Large files are read by a process beside the worker's: the same chunks, and nothing is lost when it dies."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.reading import reader
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload, imported
from tests.subscribers.imports.test_running import declare

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BLOCK_BYTES", 400)
    monkeypatch.setattr(running, "CHUNK_ROWS", 20)


def file_of(count: int) -> str:
    rows = [f'p{number % 90}@gmial.com,{number},S,"é\\""{number}","a,b",' for number in range(count)]
    rows[3::20] = ["bad,1,S,x,,"] * len(rows[3::20])
    rows[4::20] = ["x@x.example,2,XL,y,,"] * len(rows[4::20])
    rows[5::20] = ["y@x.example,3,S,z,,unsubscribed"] * len(rows[5::20])
    rows[6::20] = ["a,b"] * len(rows[6::20])
    return "email,external id,size,first name,tags,status\n" + "\n".join(rows) + "\n"


def outcome_of(source: Import) -> list[Any]:
    return [
        counts_of(source),
        source.flags_by_code,
        source.flagged_domains,
        list(Contact.objects.order_by("email_key").values_list("email", "first_name", "tags", "attributes")),
        list(ImportReject.objects.order_by("line").values_list("line", "code", "detail", "cells")),
    ]


def test_it_makes_the_same_of_a_file(
    in_acme: Organisation, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(in_acme, "size", "choice", choices=["S", "M"])
    found = []
    for large in (10**9, 0):
        monkeypatch.setattr(running, "LARGE_BYTES", large)
        with transaction.atomic():
            found.append(outcome_of(imported(in_acme, file_of(150))))
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0][0] == {"read": 150, "created": 82, "rejected": 24, "duplicate": 36, "suppressed": 8}


def test_another_run_goes_on_when_it_is_killed(
    in_acme: Organisation, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LARGE_BYTES", 0)
    source = create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(file_of(2000)), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip
    start, children = subprocess.Popen, []

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        children.append(start(*arguments, **options))
        return children[-1]

    take = running.Merger.take

    def kill_early(merger: running.Merger, ready: Any) -> None:
        take(merger, ready)
        if len(children) == 1:
            children[0].kill()

    monkeypatch.setattr(reader.subprocess, "Popen", popen)
    monkeypatch.setattr(running.Merger, "take", kill_early)
    run_job(source.job_id or 0, running.execute_import, on_failure=running.fail_import)
    source.refresh_from_db()
    assert source.state == "running"
    assert 0 < source.rows_read < 2000
    Job.objects.filter(pk=source.job_id).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    run_job(source.job_id or 0, running.execute_import, on_failure=running.fail_import)
    source.refresh_from_db()
    assert (source.state, source.rows_read, len(children)) == ("done", 2000, 2)
    assert all(child.poll() is not None for child in children)


def test_it_knows_none_of_our_keys(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LARGE_BYTES", 0)
    given: list[dict[str, Any]] = []
    start = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        given.append(options)
        return start(*arguments, **options)

    monkeypatch.setattr(reader.subprocess, "Popen", popen)
    assert counts_of(imported(in_acme, "email\na@x.example\n")) == {"read": 1, "created": 1}
    assert given[0]["env"] == {"OPENBLAS_NUM_THREADS": "1"}
