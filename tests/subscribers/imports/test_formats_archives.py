"""Archives: the table inside is found, and none of them can burst, climb out, or hide another archive."""

from __future__ import annotations

import gzip
import io
import zipfile
from contextlib import suppress
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.imports.formats import archives
from subscribers.imports.problems import (
    BrokenFileError,
    EmptyFileError,
    EncryptedFileError,
    NoSuchPartError,
    UnpacksTooLargeError,
    UnreadableFileError,
    UnsupportedArchiveError,
)
from tests.subscribers.imports.files import table_lines, table_of
from tests.subscribers.imports.workbooks import packed, xlsx

PEOPLE = "email,name\nada@example.org,Ada\n"
AS_LINES = ["email,name", "ada@example.org,Ada"]


@pytest.mark.parametrize("content", [packed({"people.csv": PEOPLE}), gzip.compress(PEOPLE.encode())])
def test_the_table_in_an_archive_is_read_as_it_is(content: bytes) -> None:
    table = table_of(content)
    assert (table.kind, table.parts, table.doubtful, table_lines(table)) == ("csv", [], False, AS_LINES)


def test_parts_of_a_gzip_follow_each_other() -> None:
    content = gzip.compress(PEOPLE.encode()) + gzip.compress(b"ben@example.net,Ben\n") + bytes(10)
    assert table_lines(table_of(content)) == [*AS_LINES, "ben@example.net,Ben"]


def test_the_largest_file_with_addresses_is_read_and_the_others_can_be_chosen() -> None:
    files = {
        "unsubscribed_1.csv": "Email\nben@example.net\n",
        "lists/subscribed_1.csv": PEOPLE,
        "notes.txt": "nothing to see\n" * 100,
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "__MACOSX/._people.csv": b"\0\5\x16\7" + bytes(50),
        ".DS_Store": b"\0\0\0\1Bud1",
    }
    content = packed(files)
    table = table_of(content)
    assert table.parts == ["unsubscribed_1.csv", "lists/subscribed_1.csv", "notes.txt"]
    assert (table.part, table.doubtful, table_lines(table)) == ("lists/subscribed_1.csv", True, AS_LINES)
    chosen = table_of(content, "unsubscribed_1.csv")
    assert (chosen.part, chosen.doubtful, table_lines(chosen)) == (
        "unsubscribed_1.csv", False, ["Email", "ben@example.net"],
    )  # fmt: skip
    with pytest.raises(NoSuchPartError):
        table_of(content, "picture.png")


def test_a_workbook_in_an_archive_is_read_and_so_are_its_sheets() -> None:
    book = xlsx({"One": [["email"], ["a@b.example"]], "Two": [["email"], ["c@d.example"]]})
    for content in (packed({"book.xlsx": book}), gzip.compress(book)):
        assert table_of(content).parts == ["One", "Two"]
        assert table_lines(table_of(content, "Two")) == ["email", "c@d.example"]


def test_other_formats_in_an_archive_are_converted() -> None:
    assert table_lines(table_of(packed({"x": '[{"email": "a@b.example"}]'}))) == ["email", "a@b.example"]
    cards = b"BEGIN:VCARD\nEMAIL:a@b.example\nEND:VCARD\n"
    assert table_lines(table_of(gzip.compress(cards))) == ["email", "a@b.example"]


def test_names_that_are_alike_or_odd_are_told_apart() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in ("../../etc/x.csv", "../../etc/x.csv", "a\nb.csv"):
                archive.writestr(name, PEOPLE)
    names = ["../../etc/x.csv", "../../etc/x.csv (2)", "a\ufffdb.csv"]
    assert table_of(buffer.getvalue()).parts == names
    assert all(table_lines(table_of(buffer.getvalue(), name)) == AS_LINES for name in names)


def encrypted() -> bytes:
    content = bytearray(packed({"people.csv": PEOPLE}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def with_method(number: int) -> bytes:
    content = bytearray(packed({"people.csv": PEOPLE}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + offset] = number
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (encrypted(), EncryptedFileError),
        (packed({"inner.zip": packed({"people.csv": PEOPLE})}), UnsupportedArchiveError),
        (gzip.compress(gzip.compress(PEOPLE.encode())), UnsupportedArchiveError),
        (gzip.compress(packed({"people.csv": PEOPLE})), UnsupportedArchiveError),
        (gzip.compress(b"x" * 257 + b"ustar" + bytes(500)), UnsupportedArchiveError),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), UnsupportedArchiveError),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), UnsupportedArchiveError),
        (with_method(99), UnsupportedArchiveError),
        (packed({"a.png": b"\x89PNG"}), UnsupportedArchiveError),
        (packed({}), EmptyFileError),
        (packed({"people.csv": ""}), EmptyFileError),
        (packed({"people.csv": PEOPLE})[:-30], BrokenFileError),
        (packed({"people.csv": PEOPLE}).replace(b"PK\x01\x02", b"PK\x01\x03"), BrokenFileError),
        (gzip.compress(PEOPLE.encode())[:-6], BrokenFileError),
        (gzip.compress(PEOPLE.encode())[:-8] + bytes(8), BrokenFileError),
        (packed({f"{number}.csv": "" for number in range(10_001)}), UnpacksTooLargeError),
    ],
)
def test_what_cannot_be_read_is_refused_in_clear_words(content: bytes, error: type[UnreadableFileError]) -> None:
    with pytest.raises(error) as refused:
        table_of(content)
    assert refused.type is error


@pytest.mark.parametrize("pack", [lambda content: packed({"people.csv": content}), gzip.compress])
def test_an_archive_that_bursts_is_refused(pack: object) -> None:
    content = pack(bytes(3_000_000) + b"a@b.example")  # type: ignore[operator]
    with pytest.raises(UnpacksTooLargeError):
        table_of(content, most_bytes=2_000_000)
    with mock.patch.object(archives, "RATIO_FROM", 1_000_000), pytest.raises(UnpacksTooLargeError):
        table_of(content)


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(packed({"people.csv": PEOPLE * 10_000}))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(BrokenFileError):
        table_of(bytes(content))


def test_a_file_without_a_name_in_a_damaged_archive_is_passed_over() -> None:
    content = bytearray(packed({"a": PEOPLE}))
    content[content.index(b"PK\x01\x02") + 46] = 0
    with pytest.raises(EmptyFileError):
        table_of(bytes(content))


GOOD = (packed({"people.csv": PEOPLE, "more.csv": PEOPLE}), gzip.compress(PEOPLE.encode()))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_damage_does_worse_than_a_refusal(content: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    with suppress(UnreadableFileError):
        table_of(bytes(damaged))
