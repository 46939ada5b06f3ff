"""Any file becomes an import that can be mapped and run: at once when it is small, by a job when it is not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import ending, preparing, running
from subscribers.imports.actions import ReadingChoice, choose_reading, create_import, upload_file
from subscribers.imports.files import open_original, open_table, preview, stored_format, table_size
from subscribers.imports.formats import tables
from subscribers.imports.models import Import
from subscribers.imports.problems import BrokenFileError, EmptySheetError, NoSuchPartError
from subscribers.imports.reading.streaming import read_blocks
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload, imported
from tests.subscribers.imports.workbooks import packed, xlsx

pytestmark = pytest.mark.django_db
PEOPLE = [["Contacts of May"], [], ["E-mail", "First name"], ["ada@example.org", "Ada"], ["ben@example.net", "Ben"]]
OLD = [["E-mail", "Last name"], ["cleo@example.org", "Martin"]]
BOOK = xlsx({"People": PEOPLE, "Old": OLD, "Empty": []})


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


@pytest.fixture
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "QUICK_BYTES", 10)


def uploaded(organisation: Organisation, content: bytes, name: str = "people.csv") -> Import:
    return upload_file(actor=Actor.system(organisation), organisation=organisation, upload=csv_upload(content, name))


def choose(source: Import, **choice: Any) -> None:
    choose_reading(actor=Actor.system(source.organisation), source=source, choice=ReadingChoice(**choice))
    source.refresh_from_db()


def read(source: Import) -> Import:
    assert source.job_id is not None
    run_job(source.job_id, preparing.read_file, on_failure=ending.fail_import, on_cancel=ending.stop_import)
    source.refresh_from_db()
    return source


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_small_workbook_is_read_at_once(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme, BOOK)
    source.refresh_from_db()
    assert (source.file_kind, source.parts, source.part) == ("xlsx", ["People", "Old", "Empty"], "People")
    assert (source.state, source.job, "part" in source.doubts) == ("uploaded", None, True)
    assert source.mapping == {"E-mail": "email", "First name": "first_name"}
    assert preview(source) == PEOPLE[3:]
    with open_table(source) as table:
        assert len(table.read()) == table_size(source)
    with open_original(source) as original:
        assert original.read() == BOOK
    assert b"ada@example.org" not in on_disk(media)
    assert list((media / "uploads").iterdir()) == []


def test_another_part_is_read_when_it_is_chosen(
    in_acme: Organisation, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    source = uploaded(in_acme, BOOK)
    with django_capture_on_commit_callbacks(execute=True):
        choose(source, part="Old")
    assert (source.part, source.doubts, source.mapping) == ("Old", [], {"E-mail": "email", "Last name": "last_name"})
    assert preview(source) == OLD[1:]
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2
    choose(source, part="Old", mapping={"E-mail": "email", "Last name": None})
    assert preview(source) == OLD[1:]


@pytest.mark.parametrize(("part", "error"), [("Empty", EmptySheetError), ("Nobody", NoSuchPartError)])
def test_a_part_that_cannot_be_read_leaves_all_as_it_was(
    in_acme: Organisation, part: str, error: type[Exception]
) -> None:
    source = uploaded(in_acme, BOOK)
    with pytest.raises(error):
        choose(source, part=part)
    source.refresh_from_db()
    assert (source.part, preview(source)) == ("People", PEOPLE[3:])


@pytest.mark.parametrize(
    "content",
    [
        BOOK,
        json.dumps([{"email": "ada@example.org"}, {"email": "ben@example.net"}]).encode(),
        gzip.compress(b"email\nada@example.org\nben@example.net\n"),
        packed({"people.csv": "email;name\nada@example.org;Ada\nben@example.net;Ben\n"}),
        b"BEGIN:VCARD\nEMAIL:ada@example.org\nEND:VCARD\nBEGIN:VCARD\nEMAIL:ben@example.net\nEND:VCARD\n",
    ],
)
def test_people_are_imported_from_any_format(in_acme: Organisation, content: bytes) -> None:
    source = imported(in_acme, content)
    assert (source.state, counts_of(source)) == ("done", {"read": 2, "created": 2})
    assert set(Contact.objects.values_list("email", flat=True)) == {"ada@example.org", "ben@example.net"}


def test_line_breaks_inside_cells_are_kept(in_acme: Organisation) -> None:
    source = uploaded(in_acme, xlsx({"People": [["email", "note"], ["ada@example.org", "one\ntwo"]]}))
    with open_table(source) as table:
        blocks = list(read_blocks(table, stored_format(source, table)))
    assert [(block.rows, block.plain) for block in blocks] == [([["ada@example.org", "one\ntwo"]], False)]


def test_a_reject_names_the_row_of_the_sheet(in_acme: Organisation) -> None:
    source = imported(in_acme, xlsx({"People": [*PEOPLE, ["nobody", "N"]]}))
    assert list(source.rejects.values_list("line", "code")) == [(6, "invalid_email")]


@pytest.mark.usefixtures("nothing_is_small")
def test_a_large_workbook_is_read_by_a_job(in_acme: Organisation) -> None:
    source = uploaded(in_acme, BOOK)
    source.refresh_from_db()
    assert (source.state, source.columns, source.job is not None) == ("uploaded", [], True)
    job = source.job_id
    read(source)
    assert (source.state, source.columns, source.job, source.choice) == ("uploaded", PEOPLE[2], None, {})
    assert Job.objects.get(pk=job).state == "done"
    choose(source, part="Old")
    assert (source.columns, source.job is not None) == ([], True)
    assert (read(source).part, source.columns) == ("Old", OLD[0])


@pytest.mark.usefixtures("nothing_is_small")
def test_a_job_that_is_run_twice_reads_once(in_acme: Organisation) -> None:
    source = uploaded(in_acme, BOOK)
    job = source.job_id
    table = read(source).table.name
    Job.objects.filter(pk=job).update(state="queued")
    run_job(job or 0, preparing.read_file)
    source.refresh_from_db()
    assert source.table.name == table


@pytest.mark.usefixtures("nothing_is_small")
def test_a_large_file_that_cannot_be_read_ends_its_import(in_acme: Organisation, media: Path) -> None:
    source = uploaded(in_acme, b'[{"email": "ada@example.org"}, {"email"')
    read(source)
    assert (source.state, source.error_code) == ("failed", BrokenFileError.code)


@pytest.mark.usefixtures("nothing_is_small")
def test_reading_stops_when_it_is_cancelled(in_acme: Organisation, media: Path, monkeypatch: Any) -> None:
    source = uploaded(in_acme, BOOK)
    monkeypatch.setattr(preparing, "monotonic", iter(range(0, 1000, 10)).__next__)
    real = tables.Maker.table_of

    def cancelled(*given: Any) -> Any:
        Job.objects.filter(pk=source.job_id).update(cancel_requested_at=source.created_at)
        return real(*given)

    monkeypatch.setattr(tables.Maker, "table_of", cancelled)
    read(source)
    assert (source.state, source.job.state if source.job else "") == ("cancelled", "cancelled")
    assert list((media / "uploads").iterdir()) == []


@pytest.mark.usefixtures("nothing_is_small")
def test_a_program_waits_for_nothing_and_its_choice_is_kept(in_acme: Organisation) -> None:
    source = create_import(
        actor=Actor.system(in_acme),
        organisation=in_acme,
        upload=csv_upload(BOOK),
        choice=ReadingChoice(part="Old", mapping={"E-mail": "email", "Last name": "last_name"}, update_rule="skip"),
        declaration=OUR_FORM,
    )
    assert (source.columns, source.choice["part"]) == ([], "Old")
    run_job(source.job_id or 0, running.execute_import, on_failure=ending.fail_import)
    source.refresh_from_db()
    assert (source.state, source.update_rule, counts_of(source)) == ("done", "skip", {"read": 1, "created": 1})
    assert Contact.objects.get().last_name == "Martin"


@pytest.mark.usefixtures("nothing_is_small")
@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"mapping": {"Nothing": "email"}}, "invalid_input"),
        ({"part": "Nobody"}, "no_such_part"),
        ({"part": "Empty"}, "empty_sheet"),
    ],
)
def test_what_is_wrong_with_a_large_file_is_told_when_it_is_run(
    in_acme: Organisation, choice: dict[str, Any], code: str
) -> None:
    source = imported(in_acme, BOOK, **choice)
    assert (source.state, source.error_code) == ("failed", code)


def test_the_order_of_dates_is_found_or_asked(in_acme: Organisation) -> None:
    rows = "email,birthday\n" + "".join(f"p{n}@example.org,03/{n:02}/1990\n" for n in range(1, 13))
    source = uploaded(in_acme, rows.encode())
    assert (source.date_order, "date_order" in source.doubts) == ("", True)
    choose(source, date_order="mdy", mapping=source.mapping)
    assert (source.date_order, source.doubts) == ("mdy", [])
    sure = uploaded(in_acme, b"email,birthday\na@example.org,25/03/1990\nb@example.org,03/04/1991\n")
    assert (sure.date_order, "date_order" in sure.doubts) == ("dmy", False)
