"""Uploads are streamed to disk, hashed on the way, and no larger than the limit."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.test import RequestFactory

CONTENT = b"email\nada@example.org\n" * 10_000


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def uploaded() -> TemporaryUploadedFile:
    from django.core.files.uploadedfile import SimpleUploadedFile

    request = RequestFactory().post("/", {"file": SimpleUploadedFile("people.csv", CONTENT)})
    file = request.FILES["file"]
    assert isinstance(file, TemporaryUploadedFile)
    return file


def test_the_hash_is_known_when_the_last_byte_has_come() -> None:
    file = uploaded()
    assert vars(file)["sha256"] == hashlib.sha256(CONTENT).digest()
    assert file.read() == CONTENT


def test_keeping_a_file_moves_it(folders: Path) -> None:
    file = uploaded()
    number = os.stat(file.temporary_file_path()).st_ino
    name = default_storage.save("imports/people.csv", file)
    assert os.stat(default_storage.path(name)).st_ino == number
    assert list((folders / "uploads").iterdir()) == []
    file.close()


def test_no_more_is_kept_than_the_limit_and_the_size_tells(settings: Any) -> None:
    settings.ACCORD = replace(settings.ACCORD, upload_limit=1000)
    file = uploaded()
    assert file.size == len(CONTENT)
    assert os.stat(file.temporary_file_path()).st_size <= 1000
