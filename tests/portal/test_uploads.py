"""Uploads are sealed on their way to the disk, hashed, and no larger than the limit."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from portal.crypto import TamperedError
from portal.crypto.files import new_file_key
from portal.uploads import SealedUpload, SealingUploadHandler, opened_upload, sealed_upload

CONTENT = b"email\nada@example.org\n" * 30_000


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def uploaded() -> SealedUpload:
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("people.csv", CONTENT)})
    file = request.FILES["file"]
    assert isinstance(file, SealedUpload)
    return file


def on_disk(folders: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folders.rglob("*") if path.is_file())


def test_it_reads_as_it_was_sent() -> None:
    file = uploaded()
    assert (file.name, file.size, file.sha256) == ("people.csv", len(CONTENT), hashlib.sha256(CONTENT).digest())
    assert file.read() == CONTENT
    assert (file.seek(6), file.read(3)) == (6, b"ada")
    assert b"".join(file.chunks()) == CONTENT


def test_the_plain_bytes_never_touch_the_disk(folders: Path) -> None:
    file = uploaded()
    assert len(on_disk(folders)) > len(CONTENT)
    assert b"ada@example.org" not in on_disk(folders)
    default_storage.save("imports/people.csv", file)
    assert b"ada@example.org" not in on_disk(folders)


def test_keeping_a_file_moves_it_and_its_key_opens_it(folders: Path) -> None:
    file = uploaded()
    number = os.stat(file.temporary_file_path()).st_ino
    name = default_storage.save("imports/people.csv", file)
    assert os.stat(default_storage.path(name)).st_ino == number
    assert list((folders / "uploads").iterdir()) == []
    file.close()
    with opened_upload(default_storage.open(name).file, file.file_key) as stream:
        assert stream.read() == CONTENT
    with pytest.raises(TamperedError):
        opened_upload(default_storage.open(name).file, new_file_key())


def test_a_file_that_is_not_kept_leaves_nothing(folders: Path) -> None:
    uploaded().close()
    assert on_disk(folders) == b""


def test_an_interrupted_upload_leaves_nothing(folders: Path) -> None:
    handler = SealingUploadHandler()
    handler.new_file("file", "people.csv", "text/csv", 100)
    handler.receive_data_chunk(CONTENT, 0)
    handler.upload_interrupted()
    assert on_disk(folders) == b""


def test_what_a_program_hands_over_is_sealed_as_well(folders: Path) -> None:
    given = SimpleUploadedFile("people.csv", CONTENT, "text/csv")
    file = sealed_upload(given)
    assert (file.name, file.content_type, file.size) == ("people.csv", "text/csv", len(CONTENT))
    assert (file.sha256, file.read()) == (hashlib.sha256(CONTENT).digest(), CONTENT)
    assert b"ada@example.org" not in on_disk(folders)
    assert sealed_upload(file) is file


def test_no_more_is_kept_than_the_limit_and_the_size_tells(settings: Any) -> None:
    settings.ACCORD = replace(settings.ACCORD, upload_limit=1000)
    file = uploaded()
    assert file.size == len(CONTENT)
    assert os.stat(file.temporary_file_path()).st_size <= 1100
    assert file.seek(0, io.SEEK_END) <= 1000
