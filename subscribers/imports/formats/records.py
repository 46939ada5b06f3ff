"""JSON: a list of objects, alone or inside another object, and NDJSON. Runs in a child process.

The file is sent twice: first its columns are gathered, then its rows are written. Nested objects become columns such as
`address.city`, lists of single values one cell.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import ijson

from subscribers.imports.formats.lines import TableLines, cell_text
from subscribers.imports.formats.refusals import Refusal

PEEKED_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024
LONGEST_LINE = 1024 * 1024
LONGEST_NAME = 200  # of a column
LONGEST_RECORD = 4 * 1024 * 1024
DEEPEST = 5  # objects inside objects
LISTED = 3  # objects of a list that become columns: two e-mail addresses, three phones
WRAPPED = 3  # how deep the list may lie in the object that holds it
VALUE = "value"
Columns = dict[str, None]


class WrongLine(str):
    """A line of NDJSON that is no object; it becomes a row of the wrong width, and so a reject."""


def write_table(
    stream: BinaryIO, lines: TableLines, *, encoding: str, by_line: bool, most_columns: int, columns: list[str] | None
) -> None:
    """First without ``columns``: say what they are. Then with them: the rows, under their names."""
    text = Utf8(stream, encoding)
    records = of_lines(text) if by_line else of_document(text)
    if columns is None:
        gathered, positional = gather(records, most_columns)
        lines.head(columns=list(gathered), positional=positional)
        return
    lines.head()
    if columns:
        lines.row([cell_text(" ".join(name.split()))[:LONGEST_NAME] for name in columns])
    for record in records:
        lines.row(row_of(record, columns))


def row_of(record: Any, columns: list[str]) -> list[str]:
    if isinstance(record, WrongLine):
        return [cell_text(record)]
    if isinstance(record, list):
        return [text_of(item) for item in record]
    cells = dict(flat(record))
    return [cells.get(name, "") for name in columns]


def gather(records: Iterator[Any], most: int) -> tuple[Columns, bool]:
    """The columns in the order in which they are met; rows that are lists have none, their first one may name them."""
    columns: Columns = {}
    lists, others, wrong = 0, 0, 0
    for record in records:
        if isinstance(record, WrongLine):
            wrong += 1
        elif isinstance(record, list):
            lists += 1
        elif record != {}:
            others += 1
            if not is_known(record, columns):
                columns.update((name, None) for name, _value in flat(record))
        if len(columns) > most:
            raise Refusal("too_many_columns")
    if not lists and not others:
        raise Refusal("broken_file" if wrong else "empty_file")
    positional = lists > others
    return ({} if positional else columns), positional


def is_known(record: Any, columns: Columns) -> bool:
    """Nearly all objects of a file have the same keys, and single values."""
    return isinstance(record, dict) and all(
        key in columns and not isinstance(value, dict | list) for key, value in record.items()
    )


def flat(record: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """`{"a": {"b": 1}, "c": ["x", "y"]}` -> `a.b`: 1, `c`: "x, y"."""
    if isinstance(record, dict) and depth < DEEPEST:
        for key, value in record.items():
            place = f"{name}.{key}" if name else key
            if isinstance(value, str):
                yield place, cell_text(value)
            else:
                yield from flat(value, place, depth + 1)
    elif isinstance(record, list) and any(isinstance(item, dict) for item in record) and depth < DEEPEST:
        for number, item in enumerate(record[:LISTED], start=1):
            yield from flat(item, f"{name}.{number}", depth + 1)
    else:
        yield name or VALUE, text_of(record)


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, map(text_of, value)))
    if isinstance(value, dict):
        return cell_text(json.dumps(value, default=str, ensure_ascii=False))
    if isinstance(value, Decimal) and abs(value.adjusted()) < 30:
        return format(value, "f")
    return cell_text(str(value))


class Utf8:
    """A stream of text in any encoding as the UTF-8 that the parser wants."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._reader = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
        self._mark = True

    def read(self, size: int = -1) -> bytes:
        if not size:
            return b""  # so the parser asks what kind of file this is
        return self._text(self._reader.read(PIECE_BYTES if size < 0 else max(size // 4, 1)))

    def readline(self) -> bytes:
        return self._text(self._reader.readline(LONGEST_LINE))

    def _text(self, text: str) -> bytes:
        if self._mark and text:
            text, self._mark = text.removeprefix("\ufeff"), False
        return text.encode("utf-8", "replace")


def of_lines(text: Utf8) -> Iterator[Any]:
    """NDJSON: each line is an object; an empty line stays one, so that lines are rows."""
    while line := text.readline():
        whole = line.strip()
        if not line.endswith(b"\n") and len(line) >= LONGEST_LINE // 2:
            skip_line(text)
        if not whole:
            yield {}
            continue
        try:
            record = json.loads(whole)
        except (ValueError, RecursionError):
            record = None
        yield record if isinstance(record, dict) else WrongLine(whole[:2000].decode())


def skip_line(text: Utf8) -> None:
    while (line := text.readline()) and not line.endswith(b"\n"):
        pass


class Rest:
    """What was looked at already, then the rest of the stream; a record of many megabytes is none."""

    def __init__(self, peeked: bytes, text: Utf8) -> None:
        self._peeked, self._text = io.BytesIO(peeked), text
        self.since_record = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._peeked.read(size) or self._text.read(size)
        self.since_record += len(piece)
        if self.since_record > LONGEST_RECORD:
            raise Refusal("file_unpacks_too_large")
        return piece


def of_document(text: Utf8) -> Iterator[Any]:
    """The items of the list in a JSON document, or the objects that follow each other in it."""
    peeked = b""
    while len(peeked) < PEEKED_BYTES and (piece := text.read(PIECE_BYTES)):
        peeked += piece
    prefix = place_of_list(peeked)
    rest = Rest(peeked, text)
    try:
        for record in ijson.items(rest, prefix, multiple_values=not prefix):
            rest.since_record = 0
            yield record
    except (ijson.JSONError, UnicodeError, RecursionError, ValueError, OverflowError):
        raise Refusal("broken_file") from None


def place_of_list(peeked: bytes) -> str:
    """Where the list of people lies: `item` for the document itself, `contacts.item`; empty: each value is a person.

    An object that says `@` in one of its own texts is a person, whatever lists it holds.
    """
    try:
        for prefix, event, value in ijson.parse(io.BytesIO(peeked)):
            if event == "start_array" and not prefix:
                return "item"
            if event == "string" and "@" in value and "." not in prefix and not prefix.endswith("item"):
                return ""
            if event == "start_map" and prefix.endswith(".item") and prefix.count(".") <= WRAPPED:
                return str(prefix)
    except (ijson.JSONError, UnicodeError, ValueError):
        pass  # it was cut here, or it is broken: then reading it says so
    return ""
