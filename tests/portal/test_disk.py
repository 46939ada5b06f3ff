"""A full disk is told as such, on the way in and in the database, and leaves nothing half behind."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from psycopg.errors import DiskFull

from portal.accounts.models import User
from portal.api.problems import as_domain_error
from portal.crypto.files import SealedWriter, new_file_key
from portal.disk import disk_is_full
from portal.organisations.models import Organisation

ROOM = 1024**2


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte, where this user may have one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("not run: only root may mount a disk of one megabyte")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def database_disk_full() -> OperationalError:
    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file: No space left on device")
    return error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, ""), OSError(errno.EDQUOT, ""), database_disk_full()])
def test_it_is_known_by_its_number(error: Exception) -> None:
    assert disk_is_full(error)
    assert as_domain_error(error).code == "disk_full"


@pytest.mark.parametrize("error", [None, OSError(errno.EACCES, ""), OperationalError("gone"), ValueError()])
def test_other_errors_are_not_it(error: Exception | None) -> None:
    assert not disk_is_full(error)


def test_a_database_that_is_away_is_told_to_programs_as_such() -> None:
    error = as_domain_error(OperationalError("the connection is lost"))
    assert (error.code, error.status) == ("unavailable", 503)


@pytest.mark.django_db
def test_an_upload_that_does_not_fit_is_answered_507_and_leaves_nothing(
    tiny_disk: Path, owner: User, settings: Any
) -> None:
    """Such a form is read by the check of its token already, before any view."""
    settings.FILE_UPLOAD_TEMP_DIR = tiny_disk
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(owner)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    answer = client.post("/o/acme/imports/new/", {"file": SimpleUploadedFile("people.csv", b"a" * 3 * ROOM)})
    assert answer.status_code == 507
    assert b"The disk of the server is full" in answer.content
    assert list(tiny_disk.iterdir()) == []


def test_a_sealed_file_is_whole_or_refused(tiny_disk: Path) -> None:
    """A raw file takes a part of what it is given just before the disk is full, without a word."""
    (tiny_disk / "other").write_bytes(b"x" * (ROOM - 100_000))
    with (tiny_disk / "sealed").open("wb", buffering=0) as raw:
        writer = SealedWriter(raw, new_file_key(), context=b"test")
        writer.write(b"a" * 200_000)
        with pytest.raises(OSError) as caught:
            writer.finish()
    assert disk_is_full(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (database_disk_full(), 507, b"<code>disk_full</code>"),
        (OperationalError("the connection is lost"), 503, b"Nothing was lost"),
        (ValueError(), 500, b"Something broke on our side"),
    ],
)
def test_pages_say_what_the_database_lacks(
    acme: Organisation, owner: User, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: bytes
) -> None:
    def fail(**_filters: str) -> None:
        raise error

    monkeypatch.setattr("portal.jobs.queries.jobs", fail)
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    answer = client.get("/o/acme/jobs/")
    assert answer.status_code == status
    assert words in answer.content
