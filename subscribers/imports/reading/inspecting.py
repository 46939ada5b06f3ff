"""How a file is written, found out from its beginning: what was not given is detected, and what is unsure is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from subscribers.imports.problems import EmptyFileError, TooManyColumnsError, UnknownDelimiterError
from subscribers.imports.reading.blocks import FileFormat
from subscribers.imports.reading.dialects import (
    SAMPLE_ROWS,
    SEPARATOR_LINE,
    Row,
    column_names,
    detect_dialect,
    first_row,
    has_contrast,
    is_header,
    is_ragged,
    known_delimiter,
    sample_rows,
)
from subscribers.imports.reading.encodings import WIDTHS, decoded, detect_encoding, known_encoding, length_of_mark
from subscribers.imports.reading.streaming import BLOCK_BYTES, LONGEST_LINE

COMMENT = "#"


def inspect_file(
    stream: BinaryIO,
    *,
    size: int,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    skipped: int | None = None,
    folded: bool = False,
    most_columns: int = 500,
) -> FileFormat:
    """How a file is written; what is None is detected. ``skipped`` lines stand above the first row or the header.

    Raises EmptyFileError, BinaryFileError, TooManyColumnsError, UnknownEncodingError, UnknownDelimiterError.
    """
    found, mark, sure = detect_encoding(stream, size)
    stream.seek(0)
    head = stream.read(BLOCK_BYTES * 2)
    if encoding:
        found, sure = known_encoding(encoding), True
        mark = length_of_mark(head, found)
    text = decoded(head[mark : mark + LONGEST_LINE], found)
    newline = newline_of(text)
    table = Table(text.split(newline), delimiter=delimiter, quote=quote, whole=len(head) >= size)
    row = table.first(skipped)
    if len(row.cells) > most_columns:
        raise TooManyColumnsError
    named = is_header(row.cells) if header is None else header
    before = row.line + row.taken if named else row.line
    start = mark + sum(length(line, found) + length(newline, found) for line in table.lines[:before])
    return FileFormat(
        encoding=found,
        dialect=table.dialect,
        newline=newline,
        columns=column_names(row.cells, header=named),
        header=named,
        names=[cell.strip() for cell in row.cells] if named else [],
        repeated=table.lines[row.line].strip() if named and row.taken == 1 else "",
        skipped=row.line,
        comments=table.comments,
        ragged=is_ragged(table.rows_below(row), len(row.cells)),
        folded=folded,
        doubts=table.doubts(row, encoding=sure, header=header is not None),
        offset=min(start, size),
        line=before + 1,
        size=size,
    )


class Table:
    """The first lines of a file as rows, with what stands above them told apart."""

    def __init__(self, lines: list[str], *, delimiter: str | None, quote: str | None, whole: bool) -> None:
        self.lines = lines
        start = first_text(lines, 0)
        hint = SEPARATOR_LINE.match(lines[start].strip())
        if hint:
            delimiter = delimiter or hint[1]
            start = first_text(lines, start + 1)
        sample = lines[start : start + SAMPLE_ROWS]
        if not whole and len(sample) > 1 and start + SAMPLE_ROWS >= len(lines):
            sample.pop()  # the sample may end in the middle of a line
        chosen = known_delimiter(delimiter) if delimiter else None
        self.dialect, self._sure = detect_dialect(sample, delimiter=chosen, quote=quote)
        if self.dialect.delimiter == self.dialect.quote:
            raise UnknownDelimiterError
        self.rows = [moved(row, start) for row in sample_rows(sample, self.dialect)]
        self._top = comments_above(self.rows)
        self.comments = self._top > 0

    def first(self, skipped: int | None) -> Row:
        """The row that names the columns, or the first one that could. Raises EmptyFileError: all cells are empty."""
        if skipped is not None:
            place = first_text(self.lines, skipped)
            found = list(sample_rows(self.lines[place : place + SAMPLE_ROWS], self.dialect))
            self.rows, self._top = [moved(row, place) for row in found], 0
        rows = self.rows[self._top :]
        if not rows:
            raise EmptyFileError
        return rows[0 if skipped is not None else first_row(rows)]

    def rows_below(self, row: Row) -> list[Row]:
        return [other for other in self.rows if other.line > row.line]

    def doubts(self, row: Row, *, encoding: bool, header: bool) -> tuple[str, ...]:
        """What somebody should look at; ``encoding`` and ``header`` tell whether these are sure or chosen."""
        below = self.rows_below(row)
        named = header or not below or not is_header(row.cells) or has_contrast([row, *below], 0)
        said = (("encoding", encoding), ("delimiter", self._sure), ("header", named))
        return tuple(code for code, sure in said if not sure)


def newline_of(text: str) -> str:
    """Line feeds, unless carriage returns stand alone more often."""
    return "\r" if text.count("\r") - text.count("\r\n") > text.count("\n") else "\n"


def first_text(lines: Sequence[str], start: int) -> int:
    """The first line with something in it. Raises EmptyFileError."""
    place = next((place for place, line in enumerate(lines[start:], start) if line.strip()), None)
    if place is None:
        raise EmptyFileError
    return place


def comments_above(rows: Sequence[Row]) -> int:
    """How many comments stand above a table: lines that begin with `#`, unless the last of them names the columns."""
    count = next((place for place, row in enumerate(rows) if not is_comment(row)), len(rows))
    if count in (0, len(rows)):
        return 0
    last, below = rows[count - 1], rows[count]
    names = len(last.cells) == len(below.cells) > 1 and is_header(last.cells) and not is_header(below.cells)
    return count - 1 if names else count


def is_comment(row: Row) -> bool:
    return row.cells[0].lstrip().startswith(COMMENT)


def moved(row: Row, by: int) -> Row:
    return Row(row.cells, row.line + by, row.taken, row.sound)


def length(text: str, encoding: str) -> int:
    errors = "surrogatepass" if encoding in WIDTHS else "surrogateescape"
    return len(text.encode(encoding, errors))
