"""No room left while a file comes in or is merged: told in words, nothing half-kept, and tried again by the person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django_scopes import scope
from psycopg.errors import DiskFull

from portal.accounts.models import User
from portal.jobs.models import Job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.merging import merging
from subscribers.imports.models import Import
from tests.people import api_of
from tests.portal.test_disk import ROOM, tiny_disk
from tests.subscribers.imports.files import counts_of, csv_upload, imported

__all__ = ["tiny_disk"]
PEOPLE = "email\n" + "".join(f"p{number}@x.example\n" for number in range(1000))
OPTIONS = {
    "origin": {"kind": "own_form", "name": "Form", "collected_by": "Acme"},
    "basis": "consent",
    "update": "fill",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("folder", ["uploads", "files"])
def test_a_file_that_does_not_fit_is_refused_whole(
    tiny_disk: Path,
    tmp_path_factory: pytest.TempPathFactory,
    owner: User,
    acme: Organisation,
    settings: Any,
    folder: str,
) -> None:
    """Either disk may be the full one: that of uploads on their way, or that of stored files."""
    roomy = tmp_path_factory.mktemp("roomy")
    settings.FILE_UPLOAD_TEMP_DIR = tiny_disk if folder == "uploads" else roomy
    settings.MEDIA_ROOT = str(tiny_disk if folder == "files" else roomy)
    token = api_of(owner, acme).token
    content = PEOPLE + "x" * 3 * ROOM
    answer = Client(headers={"Authorization": f"Bearer {token}"}).post(
        "/api/v1/imports", {"file": csv_upload(content), "options": json.dumps(OPTIONS)}
    )
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "make room" in answer.json()["detail"]
    with scope(organisation=acme):
        assert not Import.objects.exists()
        assert not Job.objects.exists()
    assert [path for disk in (tiny_disk, roomy) for path in disk.rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_a_database_without_room_fails_the_import_at_a_checkpoint(
    in_acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK_ROWS", 100)
    monkeypatch.setattr(running, "BLOCK_BYTES", 2000)
    store, stored = merging.store_rejects, []

    def until_it_is_full(*arguments: Any) -> Any:
        """The third chunk meets PostgreSQL's error in the middle of its transaction."""
        stored.append(1)
        if len(stored) > 2:
            error = OperationalError("could not extend file")
            raise error from DiskFull("could not extend file: No space left on device")
        return store(*arguments)

    monkeypatch.setattr(merging, "store_rejects", until_it_is_full)
    source = imported(in_acme, PEOPLE)
    assert (source.state, source.error_code, Job.objects.get().error_code) == ("failed", "disk_full", "disk_full")
    assert 0 < source.rows_read < 1000
    assert Contact.objects.count() == source.rows_created == source.rows_read

    monkeypatch.setattr(merging, "store_rejects", store)
    again = imported(in_acme, PEOPLE)
    assert counts_of(again) == {"read": 1000, "created": 1000 - source.rows_read, "unchanged": source.rows_read}
