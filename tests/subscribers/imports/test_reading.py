"""A file as rows: whatever is in it, its good rows come out and each bad one has its line."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.imports.problems import (
    BinaryFileError,
    EmptyFileError,
    TooManyColumnsError,
    UnknownDelimiterError,
    UnknownEncodingError,
    UnreadableFileError,
)
from subscribers.imports.reading.streaming import read_blocks
from tests.subscribers.imports.files import blocks_of, broken_of, inspected, rows_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_the_delimiter(delimiter: str) -> None:
    content = "\n".join(delimiter.join(row) for row in (("email", "name"), ("a@b.example", "A"), ("c@d.example", "C")))
    assert inspected(content.encode()).delimiter == delimiter


def test_a_semicolon_wins_over_commas_in_free_text() -> None:
    content = b"email;note\na@b.example;one, two, three\nc@d.example;four, five\n"
    assert rows_of(content) == [(2, ["a@b.example", "one, two, three"]), (3, ["c@d.example", "four, five"])]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("cp1252", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
    ],
)
def test_it_finds_the_encoding(encoding: str, mark: bytes) -> None:
    text = "prénom;email\r\nÉlodie;elodie@example.org\r\nZoë;zoe@example.org\r\nFrançois;f@example.org\r\n"
    content = mark + text.encode(encoding)
    assert inspected(content).encoding == encoding
    assert [row[0] for _line, row in rows_of(content)] == ["Élodie", "Zoë", "François"]


@pytest.mark.parametrize("encoding", ["cp1250", "cp1251", "mac_roman"])
def test_an_encoding_can_be_chosen(encoding: str) -> None:
    word = {"cp1250": "Łódź", "cp1251": "Москва", "mac_roman": "Orléans"}[encoding]
    content = f"email,city\na@b.example,{word}\n".encode(encoding)
    assert rows_of(content, encoding=encoding) == [(2, ["a@b.example", word])]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_it_reads_every_kind_of_line_end(ends: str) -> None:
    content = ends.join(["email,name", "a@b.example,A", "", "c@d.example,C", ""]).encode()
    assert rows_of(content) == [(2, ["a@b.example", "A"]), (4, ["c@d.example", "C"])]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_line_end_does_not_make_a_row_odd(ends: str) -> None:
    content = ends.join(["email,name", 'a@b.example,"A, B"', ""]).encode()
    assert [block.plain for block in blocks_of(content)] == [True]


@pytest.mark.parametrize("text", ["a\tb", "a\\b"])
def test_a_tab_or_a_backslash_does(text: str) -> None:
    assert [block.plain for block in blocks_of(f"email,name\r\na@b.example,{text}\r\n".encode())] == [False]


def test_a_quoted_cell_may_span_lines() -> None:
    content = b'email,note\na@b.example,"one\ntwo, ""2"""\nc@d.example,"three"\n'
    assert rows_of(content) == [(2, ["a@b.example", 'one\ntwo, "2"']), (4, ["c@d.example", "three"])]


def test_a_stray_quote_costs_its_row_only() -> None:
    rows = [f"p{number}@example.org,Name {number},Lyon" for number in range(500)]
    rows[3] = 'p3@example.org,"Name 3,Lyon'
    rows[9] = 'p9@example.org,Na"me" 9,"Lyon"'
    rows[10] = '"p10@example.org,"Name, 10",Lyon'
    content = "\n".join(["email,name,city", *rows]).encode()
    assert [row[0] for _line, row in rows_of(content)] == [
        f"p{number}@example.org" for number in range(500) if number != 10
    ]
    assert broken_of(content) == [(12, "wrong_column_count")]


def test_a_row_of_the_wrong_width_is_broken_and_spare_empty_cells_are_not() -> None:
    content = b"email,name\na@b.example\nb@b.example,B,,\nc@b.example,C,x\nd@b.example,D\n"
    assert [line for line, _row in rows_of(content)] == [3, 5]
    assert broken_of(content) == [(2, "wrong_column_count"), (4, "wrong_column_count")]


def test_nul_bytes_and_other_encodings_break_their_row_only() -> None:
    good = "é@example.org;Zoé\n".encode() * 50
    content = b"email;name\n" + good + "x@example.org;Zoé\n".encode("cp1252") + b"y@ex\0ample.org;Y\n" + good
    assert len(rows_of(content)) == 100
    assert broken_of(content) == [(52, "undecodable"), (53, "undecodable")]


def test_a_line_without_end_is_skipped() -> None:
    content = b"email,name\na@b.example,A\n" + b"x" * 3_000_000 + b"\nc@d.example,C\n"
    assert rows_of(content) == [(2, ["a@b.example", "A"]), (4, ["c@d.example", "C"])]
    assert broken_of(content) == [(3, "too_long")]


def test_columns_without_a_name_or_with_the_same_get_one() -> None:
    assert inspected(b"email,,name,name\na@b.example,,,\n").columns == ("email", "column 2", "name", "name (2)")


def test_a_file_without_header_keeps_its_first_row() -> None:
    content = b"a@b.example,A\nc@d.example,C\n"
    assert inspected(content).columns == ("column 1", "column 2")
    assert len(rows_of(content)) == 2


def test_the_separator_line_of_excel_is_no_row() -> None:
    content = b"sep=;\r\nemail;name\r\na@b.example;A\r\n"
    assert rows_of(content) == [(3, ["a@b.example", "A"])]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + bytes(200),
        b"%PDF-1.7\n" + b"x" * 100,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(range(256)) * 8,
        bytes(1000),
    ],
)
def test_a_binary_file_is_refused(content: bytes) -> None:
    with pytest.raises(BinaryFileError):
        inspected(content)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n\r\n", b"   "])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(EmptyFileError):
        inspected(content)


def test_five_thousand_columns_are_refused() -> None:
    with pytest.raises(TooManyColumnsError):
        inspected(b",".join(b"c%d" % number for number in range(5000)) + b"\n")


@pytest.mark.parametrize("encoding", ["nonsense", "utf-7", "rot13", "base64", "iso2022_jp"])
def test_an_encoding_no_table_is_written_in_is_refused(encoding: str) -> None:
    with pytest.raises(UnknownEncodingError):
        inspected(b"email\na@b.example\n", encoding=encoding)


def test_a_delimiter_of_two_characters_is_refused() -> None:
    with pytest.raises(UnknownDelimiterError):
        inspected(b"email\na@b.example\n", delimiter="::")


CELL = st.text(st.characters(codec="utf-8", include_characters="\n", exclude_categories=("Cs", "Cc")), max_size=12)


@given(
    st.lists(st.tuples(CELL, CELL, CELL).filter(lambda row: any(cell.strip() for cell in row)), max_size=30),
    st.integers(30, 400),
)
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]], block_bytes: int) -> None:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("email", "name", "note"), *rows])
    content = text.getvalue().encode()
    read = [row for _line, row in rows_of(content, block_bytes=block_bytes, delimiter=",", encoding="utf-8")]
    assert read == [list(row) for row in rows]


@given(st.binary(max_size=2000))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    try:
        file = inspected(content)
    except UnreadableFileError:
        return
    lines = [line for block in read_blocks(io.BytesIO(content), file, block_bytes=64) for line in block.lines]
    assert lines == sorted(set(lines))


@given(st.text('a,";\n@.é\r\t', max_size=300), st.integers(16, 100))
def test_where_blocks_are_cut_does_not_matter_to_the_count_of_lines(text: str, block_bytes: int) -> None:
    content = ("email,name\nx@y.example,X\n" + text).encode()
    whole = blocks_of(content, delimiter=",", encoding="utf-8")
    cut = blocks_of(content, delimiter=",", encoding="utf-8", block_bytes=block_bytes)
    assert whole[-1].line == cut[-1].line
    assert [row for block in whole for row in block.rows] == [row for block in cut for row in block.rows]
