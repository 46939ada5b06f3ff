"""However a table is written, its people are found: odd delimiters and marks, titles above, headers that come again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.imports.problems import EmptyFileError, UnknownDelimiterError, UnreadableFileError
from tests.subscribers.imports.files import blocks_of, broken_of, inspected, rows_of

ADA, BEN = ["ada@example.org", "Ada"], ["ben@example.net", "Ben"]
PEOPLE = [(2, ADA), (3, BEN)]


@pytest.mark.parametrize("delimiter", list(",;\t|:^~+#!\xa7"))
def test_any_mark_may_delimit(delimiter: str) -> None:
    lines = [delimiter.join(row) for row in (["email", "name"], ADA, BEN)]
    content = "\n".join(lines).encode()
    assert (inspected(content).delimiter, rows_of(content)) == (delimiter, PEOPLE)
    assert ("delimiter" in inspected(content).doubts) == (delimiter not in ",;\t|")


def test_a_blank_delimits_only_where_addresses_stand_in_a_row() -> None:
    assert rows_of(b"email name\nada@example.org Ada\nben@example.net Ben\n") == PEOPLE
    names = b"email\nada@example.org\n"
    assert inspected(b"full name\nAda Martin\nBen Schmidt\n").columns == ("full name",)
    assert inspected(names).columns == ("email",)


def test_phones_are_not_cut_at_their_plus() -> None:
    assert rows_of(b"phone\n+33612345678\n+33698765432\n") == [(2, ["+33612345678"]), (3, ["+33698765432"])]
    assert inspected(b"+33612345678\n+33698765432\n").columns == ("column 1",)


def test_decimal_commas_do_not_delimit() -> None:
    assert inspected(b"a;b\n1,5;2,5\n").delimiter == ";"
    assert inspected(b"email;when\na@b.example;2026-01-31 10:20:30\n").delimiter == ";"


@pytest.mark.parametrize(
    ("content", "quote", "rows"),
    [
        (b"'email','name'\n'ada@example.org','Ada'\n'ben@example.net','Ben'\n", "'", PEOPLE),
        (b"'email':'name'\n'ada@example.org':'A''da, x'\n", "'", [(2, ["ada@example.org", "A'da, x"])]),
        (b"email,name\nada@example.org,'Ada'\n", '"', [(2, ["ada@example.org", "'Ada'"])]),
        (b"email,name\nada@example.org,O'Neil\n", '"', [(2, ["ada@example.org", "O'Neil"])]),
        (b'email, name\nada@example.org, "Ada, M."\n', '"', [(2, ["ada@example.org", "Ada, M."])]),
        (b'"email"+"name"\n"ada@example.org"+"Ada"\n"ben@example.net"+"Ben"\n', '"', PEOPLE),
    ],
)  # fmt: skip
def test_it_finds_the_quotation_mark(content: bytes, quote: str, rows: list[Any]) -> None:
    assert (inspected(content).quote, rows_of(content)) == (quote, rows)


def test_backslashes_before_marks_are_read_as_mysql_writes_them() -> None:
    content = b'"email","name"\n"ada@example.org","Ada \\"the first\\", M."\n"ben@example.net",\\N\n'
    assert rows_of(content) == [(2, ["ada@example.org", 'Ada "the first", M.']), (3, ["ben@example.net", ""])]
    tabs = b"email\tname\nada@example.org\tA\\\tda\nben@example.net\t\\N\n"
    assert rows_of(tabs) == [(2, ["ada@example.org", "A\tda"]), (3, ["ben@example.net", ""])]


def test_backslashes_elsewhere_are_text() -> None:
    content = b'email,path\na@b.example,"C:\\new\\"\nc@d.example,"x ""y"" \\N"\n'
    assert [row[1] for _line, row in rows_of(content)] == ["C:\\new\\", 'x "y" \\N']


TITLES = [
    (b"Contacts of May\n\nemail;name\nada@example.org;Ada\nben@example.net;Ben\n", 2),
    (b"Contacts of May, 2026, Lyon\nfrom: shop\nemail;name\nada@example.org;Ada\nben@example.net;Ben\n", 2),
    (b"# made by a tool, version 2\n# on 2026-05-01\nemail,name\nada@example.org,Ada\nben@example.net,Ben\n", 2),
    (b"Contacts of May,\n,\nemail,name\nada@example.org,Ada\nben@example.net,Ben\n", 2),
    (b"\n\r\n  \nemail,name\nada@example.org,Ada\nben@example.net,Ben\n", 3),
    (b"sep=;\nContacts\nemail;name\nada@example.org;Ada\nben@example.net;Ben\n", 2),
    (b'"Contacts\nof May"\nemail,name\nada@example.org,Ada\nben@example.net,Ben\n', 2),
]


@pytest.mark.parametrize(("content", "skipped"), TITLES)
def test_titles_notes_and_comments_above_the_header_are_skipped(content: bytes, skipped: int) -> None:
    file = inspected(content)
    assert (file.columns, file.skipped, file.header, "header" in file.doubts) == (
        ("email", "name"),
        skipped,
        True,
        False,
    )
    assert rows_of(content) == [(skipped + 2, ADA), (skipped + 3, BEN)]


@pytest.mark.parametrize("content", [content for content, _skipped in TITLES])
def test_what_was_found_reads_the_same_when_it_is_given(content: bytes) -> None:
    file = inspected(content)
    given = {"encoding": file.encoding, "delimiter": file.delimiter, "quote": file.quote, "header": file.header}
    again = inspected(content, **given, skipped=file.skipped)
    assert (again.columns, again.offset, again.line, again.skipped) == (
        file.columns, file.offset, file.line, file.skipped,
    )  # fmt: skip
    assert rows_of(content, **given, skipped=file.skipped) == rows_of(content)


def test_titles_without_a_header_below_them_are_skipped_too() -> None:
    content = b"Contacts of May\nada@example.org;Ada\nben@example.net;Ben\n"
    assert (inspected(content).header, rows_of(content)) == (False, PEOPLE)


def test_a_header_may_begin_with_a_hash() -> None:
    assert inspected(b"#id,email\n1,ada@example.org\n2,ben@example.net\n").columns == ("#id", "email")


def test_comments_further_down_are_no_rows_if_there_are_some_above() -> None:
    assert broken_of(b"# x\nemail,name\nada@example.org,Ada\n# end of part 1\nben@example.net,Ben\n") == []
    assert broken_of(b"email,name\nada@example.org,Ada\n# end of part 1\n") == [(3, "wrong_column_count")]


def test_rows_above_can_be_skipped_and_a_header_denied_by_hand() -> None:
    content = b"email,name\nada@example.org,Ada\nben@example.net,Ben\n"
    assert rows_of(content, skipped=1) == PEOPLE
    assert rows_of(content, skipped=2, header=True) == []
    assert inspected(content, skipped=1, header=True).columns == tuple(ADA)
    assert rows_of(content, header=False)[0] == (1, ["email", "name"])
    with pytest.raises(EmptyFileError):
        inspected(content, skipped=3)


@pytest.mark.parametrize(
    ("content", "header", "unsure"),
    [
        (b"email,name\nada@example.org,Ada\n", True, False),
        (b"name,city\nAda,Lyon\nBen,Paris\n", True, True),
        (b"name,city\n", True, False),
        (b"1,2,3\n4,5,6\n", False, False),
        (b"ada@example.org,Ada\n", False, False),
        (b"+33612345678\n+33698765432\n", False, False),
        (b"31/01/2026,Ada\n", False, False),
    ],
)
def test_a_header_is_told_from_a_row(content: bytes, header: bool, unsure: bool) -> None:
    file = inspected(content)
    assert (file.header, "header" in file.doubts) == (header, unsure)


def test_a_header_that_comes_again_is_no_row() -> None:
    part = b"email,name\n" + b"".join(b"p%d@example.org,P\n" % number for number in range(5000))
    content = part + b"\xef\xbb\xbf" + part + part
    assert (len(rows_of(content)), broken_of(content)) == (15_000, [])
    quoted = b'"email","name"\r\n"a@b.example","A, x"\r\n'
    assert [line for line, _row in rows_of(quoted * 3)] == [2, 4, 6]
    assert rows_of(b"ada@example.org,Ada\n" * 3, header=False) == [(1, ADA), (2, ADA), (3, ADA)]


def test_rows_that_end_early_as_a_habit_are_filled_up() -> None:
    rows = [f"p{number}@example.org,P{number}" + (",Lyon" if number % 3 else "") for number in range(30)]
    content = "\n".join(["email,name,city", *rows]).encode()
    assert (len(rows_of(content)), broken_of(content)) == (30, [])
    assert rows_of(content)[0] == (2, ["p0@example.org", "P0", ""])


def test_torn_rows_are_no_habit() -> None:
    torn = "".join(f"p{number}@example.org,P\n{number},Lyon\n" for number in range(9))
    content = f"email,name,city\na@b.example,A,Lyon\n{torn}".encode()
    assert len(broken_of(content)) == 18


@pytest.mark.parametrize(
    "content",
    [
        b"email,name\rada@example.org,Ada\rben@example.net,Ben\r",
        b"email,name\nada@example.org,Ada\rben@example.net,Ben\n",
        b"email,name\r\nada@example.org,Ada\rben@example.net,Ben\r\n",
        b"email,name\rada@example.org,Ada\r\nben@example.net,Ben\r",
        b"email,name\rada@example.org,Ada\nben@example.net,Ben\r",
        b'email,name\rada@example.org,"Ada"\n"ben@example.net",Ben\r',
    ],
)
def test_line_ends_may_be_mixed(content: bytes) -> None:
    for block_bytes in (16, 40, 1 << 18):
        assert rows_of(content, block_bytes=block_bytes) == PEOPLE


def test_a_carriage_return_inside_a_cell_ends_no_row() -> None:
    assert rows_of(b'email,name\nada@example.org,A\rda\nben@example.net,"B\ren"\n') == [
        (2, ["ada@example.org", "A\rda"]), (3, ["ben@example.net", "B\ren"]),
    ]  # fmt: skip


def test_old_macintosh_files_may_hold_line_feeds_in_cells() -> None:
    content = b'email,note\rada@example.org,"one\ntwo"\rben@example.net,x\rcleo@example.org,y\r'
    assert [row[1] for _line, row in rows_of(content)] == ["one\ntwo", "x", "y"]


@pytest.mark.parametrize(
    ("encoding", "sure"),
    [("utf-8", True), ("cp1252", True), ("mac-roman", False), ("cp850", False), ("utf-16-le", True)],
)
def test_western_encodings_are_told_apart(encoding: str, sure: bool) -> None:
    text = "prénom;ville\nÉlodie;Besançon\nFrançois;Orléans\nZoë;Köln\nNuño;Málaga\nJérôme;Nîmes\n"
    file = inspected(text.encode(encoding))
    assert (file.encoding, "encoding" not in file.doubts) == (encoding, sure)


def test_an_encoding_that_was_guessed_is_unsure_and_a_chosen_one_is_not() -> None:
    content = "имя,город\nАнна,Москва\nБорис,Казань\nВера,Самара\n".encode("cp1251") * 20  # noqa: RUF001
    assert (inspected(content).encoding, inspected(content).doubts[:1]) == ("cp1251", ("encoding",))
    assert "encoding" not in inspected(content, encoding="cp1251").doubts
    mixed = b"email,name\n" + "é@b.example,Zoé\n".encode() * 9 + "x@b.example,Zoé\n".encode("cp1252")
    assert (inspected(mixed).encoding, "encoding" in inspected(mixed).doubts) == ("utf-8", True)


@pytest.mark.parametrize("delimiter", ["\\", '"', "ab", "a"])
def test_what_cannot_delimit_is_refused(delimiter: str) -> None:
    with pytest.raises(UnknownDelimiterError):
        inspected(b"email,name\n", delimiter=delimiter)
    with pytest.raises(UnknownDelimiterError):
        inspected(b"email,name\n", delimiter="'", quote="'")


@pytest.mark.parametrize("text", [",", ",,\n,\n", "\n , \n"])
@pytest.mark.parametrize("skipped", [None, 0])
def test_a_file_of_empty_cells_is_an_empty_file(text: str, skipped: int | None) -> None:
    with pytest.raises(EmptyFileError):
        inspected(text.encode(), delimiter=",", skipped=skipped)


PIECES = st.lists(
    st.sampled_from(["a", "b@c.example", *",;\t|\"'\n\r#\\ 1", "\r\n", "\\N", '\\"', '""', "é"]), max_size=120
)
TOPS = st.sampled_from(["email,name\n", "e;n;x\r\n", "# c\n\n", "e\tn\r", ""])


@given(TOPS, PIECES, st.sampled_from(["utf-8", "cp1252", "utf-16-le"]), st.sampled_from([None, "'", ""]))
def test_where_blocks_are_cut_does_not_matter_whatever_the_dialect(
    top: str, pieces: list[str], encoding: str, quote: str | None
) -> None:
    content = (top + "".join(pieces)).encode(encoding)
    try:
        file = inspected(content, quote=quote)
    except UnreadableFileError:
        return
    chosen = {"encoding": file.encoding, "delimiter": file.delimiter, "quote": file.quote, "header": file.header}
    found = [rows_and_end(content, size, **chosen, skipped=file.skipped) for size in (16, 48, 1 << 18)]
    assert found[0] == found[1] == found[2] == rows_and_end(content, 1 << 18, quote=quote)


def rows_and_end(content: bytes, block_bytes: int, **choices: Any) -> tuple[Any, ...]:
    blocks = blocks_of(content, block_bytes=block_bytes, **choices)
    rows = [pair for block in blocks for pair in zip(block.lines, block.rows, strict=True)]
    broken = [(reject.line, reject.code) for block in blocks for reject in block.broken]
    lines = [line for line, _said in rows + broken]
    assert len(set(lines)) == len(lines)
    assert not blocks or blocks[-1].offset == len(content)
    return rows, broken, blocks[-1].line if blocks else 0
