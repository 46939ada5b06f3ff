"""Workbooks as tables: what people see in their cells, one line a row, and nothing worse than a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from subscribers.imports.formats.sandbox import MEGABYTE, Limits
from subscribers.imports.formats.tables import Table
from subscribers.imports.problems import (
    BinaryFileError,
    BrokenFileError,
    EmptyFileError,
    EmptySheetError,
    EncryptedFileError,
    NoSuchPartError,
    UnpacksTooLargeError,
    UnreadableFileError,
    UnsupportedFileError,
)
from tests.subscribers.imports.files import table_lines, table_of
from tests.subscribers.imports.workbooks import Dated, Moment, ods, ole, packed, xls, xlsx

PEOPLE = [["email", "name"], ["ada@example.org", "Ada"], ["ben@example.net", "Ben"]]
AS_LINES = ["email,name", "ada@example.org,Ada", "ben@example.net,Ben"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [("xlsx", xlsx({"People": PEOPLE})), ("ods", ods({"People": PEOPLE})), ("xls", xls("People", PEOPLE))],
)
def test_each_kind_of_workbook_is_read_whatever_its_name(kind: str, content: bytes) -> None:
    table = table_of(content)
    assert (table.kind, table.parts, table.part, table.doubtful) == (kind, ["People"], "People", False)
    assert table_lines(table) == AS_LINES


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0033612345678", "0033612345678"),
        (33612345678, "33612345678"),
        (33612345678.0, "33612345678"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.3"),
        (True, "true"),
        (False, "false"),
        (Dated(46053), "2026-01-31"),
        (Moment(46053.5), "2026-01-31T12:00:00"),
        (Moment(46053.999999), "2026-02-01"),
        (Moment(46053.1234), "2026-01-31T02:57:42"),
        ("two\nlines", "two\u2028lines"),
        ("two_x000D_\nlines", "two\u2028lines"),
        ('said "yes", twice', '"said ""yes"", twice"'),
        (None, ""),
    ],
)
def test_cells_become_what_people_see_in_them(value: Any, text: str) -> None:
    assert table_lines(table_of(xlsx({"People": [["x", value]]}))) == [f"x,{text}".rstrip(",") if text else "x"]


def test_lines_are_rows_of_the_sheet() -> None:
    rows = [[], ["Contacts, May"], [], *PEOPLE, [], ["cleo@example.org", "Cleo"]]
    lines = ["", '"Contacts, May",', "", *AS_LINES, "", "cleo@example.org,Cleo"]
    assert table_lines(table_of(xlsx({"People": rows}))) == lines


def test_the_longest_sheet_with_addresses_is_read_and_it_is_unsure() -> None:
    notes = [["note"], *[[f"note {number}"] for number in range(9)]]
    content = xlsx({"Notes": notes, "A few": PEOPLE[:2], "People": PEOPLE, "Empty": []})
    table = table_of(content)
    assert (table.parts, table.part, table.doubtful) == (["Notes", "A few", "People", "Empty"], "People", True)
    assert table_lines(table) == AS_LINES


def test_a_sheet_can_be_chosen() -> None:
    content = xlsx({"Members": PEOPLE, "Été": [["email"], ["cleo@example.org"]]})
    table = table_of(content, "Été")
    assert (table.part, table.doubtful, table_lines(table)) == ("Été", False, ["email", "cleo@example.org"])
    with pytest.raises(NoSuchPartError):
        table_of(content, "Winter")


def test_hidden_sheets_are_left_out() -> None:
    content = xlsx({"Lists": [["x"]] * 9, "People": PEOPLE}, hidden=["Lists"])
    assert table_of(content).parts == ["People"]


def test_addresses_behind_a_name_are_taken() -> None:
    rows = [["who", "note"], ["Ada", "x"], ["ben@example.net", "y"], ["Cleo", "z"]]
    links = {
        "A2": "mailto:ada%2Bnews@example.org?subject=Hello",
        "A3": "mailto:somebody@example.com",
        "A4": "https://example.org/",
    }
    lines = ["who,note", "ada+news@example.org,x", "ben@example.net,y", "Cleo,z"]
    assert table_lines(table_of(xlsx({"People": rows}, links=links))) == lines


def test_a_link_over_several_cells_counts_for_each() -> None:
    rows = [[], ["", "Ada"], ["", "Ada again"]]
    content = xlsx({"People": rows}, links={"B2:B3": "mailto:ada@example.org"})
    assert table_lines(table_of(content))[1:] == [",ada@example.org", ",ada@example.org"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (xlsx({"One": [], "Two": []}), EmptyFileError),
        (xlsx({"One": []}), EmptySheetError),
        (xlsx({"People": PEOPLE})[:-200], BrokenFileError),
        (xlsx({"People": PEOPLE}).replace(b"xl/worksheets/sheet1", b"xl/worksheets/sheetX"), BrokenFileError),
        (ole("EncryptedPackage", b"x" * 5000), EncryptedFileError),
        (ods({"People": PEOPLE}, manifest="<encryption-data/>"), EncryptedFileError),
        (ole("WordDocument", b"x" * 5000), BinaryFileError),
        (packed({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), UnsupportedFileError),
        (packed({"mimetype": "application/vnd.oasis.opendocument.text"}), UnsupportedFileError),
        (b"<html><table><tr><td>ada@example.org</td></tr></table></html>", UnsupportedFileError),
        (b'<?xml version="1.0"?><Workbook/>', UnsupportedFileError),
    ],
)
def test_what_cannot_be_read_is_refused_in_clear_words(content: bytes, error: type[UnreadableFileError]) -> None:
    with pytest.raises(error) as refused:
        table_of(content)
    assert refused.type is error


def test_a_workbook_that_would_fill_the_memory_is_refused() -> None:
    far_apart = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 20_000))
    far_apart += '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    content = xlsx({"People": PEOPLE})
    with pytest.raises(UnpacksTooLargeError):
        table_of(with_rows(content, far_apart), limits=Limits(memory=256 * MEGABYTE, seconds=30))


def test_a_workbook_that_takes_for_ever_is_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 400_000))
    with pytest.raises(UnpacksTooLargeError):
        table_of(with_rows(xlsx({"People": PEOPLE}), rows), limits=Limits(memory=1024 * MEGABYTE, seconds=0))


def with_rows(content: bytes, rows: str) -> bytes:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sheet = files["xl/worksheets/sheet1.xml"].decode()
    start, end = sheet.index("<sheetData>") + 11, sheet.index("</sheetData>")
    files["xl/worksheets/sheet1.xml"] = (sheet[:start] + rows + sheet[end:]).encode()
    return packed(files)


def test_entities_of_a_workbook_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    content = xlsx({"People": PEOPLE}, links={"A2": "mailto:ada@example.org"})
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["xl/worksheets/_rels/sheet1.xml.rels"] = bomb.encode() + files["xl/worksheets/_rels/sheet1.xml.rels"]
    with pytest.raises(BrokenFileError):
        table_of(packed(files))


def test_the_child_knows_none_of_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    seen: list[Any] = []
    real = subprocess.Popen

    def spying(command: list[str], **options: Any) -> Any:
        seen.append(options["env"])
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", spying)
    assert isinstance(table_of(xlsx({"People": PEOPLE})), Table)
    assert seen == [{}]
