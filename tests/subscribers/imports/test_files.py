"""The files of an import lie sealed in the storage, and open for it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from portal.crypto import TamperedError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.actions import upload_file
from subscribers.imports.files import (
    discard_file,
    open_original,
    open_sealed_file,
    open_table,
    sealed_writer,
    table_size,
)
from subscribers.imports.models import Import
from subscribers.imports.problems import EmptyFileError, FileDestroyedError
from tests.subscribers.imports.files import csv_upload

pytestmark = pytest.mark.django_db
PEOPLE = b"email,name\nada@example.org,Ada\n"


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def uploaded(organisation: Organisation, content: bytes = PEOPLE) -> Import:
    return upload_file(actor=Actor.system(organisation), organisation=organisation, upload=csv_upload(content))


def on_disk(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_stored_file_is_sealed_and_reads_as_it_came(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    assert (len(on_disk(media)), table_size(source)) == (1, len(PEOPLE))
    assert b"example.org" not in on_disk(media)[0]
    with open_original(source) as original, open_table(source) as table:
        assert original.read() == table.read() == PEOPLE
        assert (table.seek(6), table.read(4)) == (6, b"name")


def test_the_file_of_one_import_does_not_open_for_another(in_acme: Organisation) -> None:
    source, other = uploaded(in_acme), uploaded(in_acme, b"email\nben@example.net\n")
    other.file = source.file
    with pytest.raises(TamperedError), open_original(other):
        pass
    other.file_key = source.file_key
    with pytest.raises(TamperedError), open_original(other):
        pass


def test_a_further_file_takes_the_place_of_one_of_its_name(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    for content in (b"first", b"ada@example.org"):
        with sealed_writer(source, "outcomes/created-1") as stream:
            stream.write(content)
    with open_sealed_file(source, "outcomes/created-1") as opened:
        assert opened.read() == b"ada@example.org"
    assert not any(b"example.org" in content for content in on_disk(media))
    with pytest.raises(FileNotFoundError), open_sealed_file(source, "outcomes/created-2"):
        pass


def test_a_file_whose_writing_fails_is_not_there(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme)
    with pytest.raises(ValueError, match="no more"), sealed_writer(source, "piece") as stream:
        stream.write(b"ada@example.org")
        raise ValueError("no more")
    assert len(on_disk(media)) == 1


def test_a_sealed_file_does_not_open_under_another_name(in_acme: Organisation) -> None:
    source = uploaded(in_acme)
    with sealed_writer(source, "one") as stream:
        stream.write(b"1")
    folder = f"imports/{source.pk}"
    default_storage.save(f"{folder}/two", default_storage.open(f"{folder}/one"))
    with pytest.raises(TamperedError), open_sealed_file(source, "two"):
        pass


def test_nothing_is_kept_of_a_file_that_is_refused(in_acme: Organisation, media: Path) -> None:
    with pytest.raises(EmptyFileError):
        uploaded(in_acme, b"\n\n")
    assert (on_disk(media), Import.objects.count()) == ([], 0)
    assert list((media / "files" / "imports").iterdir()) == []


def test_what_is_discarded_is_gone_with_its_key(
    in_acme: Organisation, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    source = uploaded(in_acme)
    with django_capture_on_commit_callbacks(execute=True):
        discard_file(source)
    source.refresh_from_db()
    assert (source.file.name, source.table.name, source.file_key, on_disk(media)) == ("", "", None, [])
    with pytest.raises(FileDestroyedError), open_original(source):
        pass
