"""What reading a file gives: blocks of rows of the right width, the broken ones beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from subscribers.imports.problems import RejectCode
from subscribers.imports.reading.dialects import Dialect

KEPT_CELLS = 1000
KEPT_CHARACTERS = 2000
NOT_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """How a file is written, and where its rows begin (bytes from the start, physical line from 1).

    ``names`` are the cells of the header and ``repeated`` its text, to know it again further down; ``skipped`` lines
    stand above it. ``comments``: lines that begin with `#` are no rows. ``ragged``: rows end early as a habit, and what
    is missing at their end is empty. ``folded``: line breaks inside cells are written as U+2028.
    """

    encoding: str
    dialect: Dialect
    newline: str
    columns: tuple[str, ...]
    header: bool
    names: list[str]
    repeated: str
    skipped: int
    comments: bool
    ragged: bool
    folded: bool
    doubts: tuple[str, ...]
    offset: int
    line: int
    size: int

    @property
    def delimiter(self) -> str:
        return self.dialect.delimiter

    @property
    def quote(self) -> str:
        return self.dialect.quote


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not imported: where, why, and its cells as they were read."""

    line: int
    code: RejectCode
    cells: Sequence[str]
    detail: str = ""
    column: str = ""


@dataclass(slots=True)
class Block:
    """Some rows of the right width with the line each starts on, the broken ones, and where reading goes on.

    `plain` promises that no cell holds a backslash, a tab or a line end.
    """

    lines: Sequence[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    broken: list[Reject] = field(default_factory=list)
    plain: bool = True
    offset: int = 0
    line: int = 1


def keep_full_rows(
    block: Block, rows: list[list[str]], lines: Sequence[int], file: FileFormat, *, sift: bool = True
) -> None:
    """Sort rows into those of the right width and the broken ones. ``sift``: some may be no rows of the table."""
    width = len(file.columns)
    if not sift and width > 1 and set(map(len, rows)) == {width}:
        block.rows, block.lines = rows, lines
        return
    block.rows, numbers = [], []
    for number, row in zip(lines, rows, strict=True):
        if is_no_row(row, file):
            continue
        full = fitted(row, width, ragged=file.ragged)
        if full is not None:
            block.rows.append(full)
            numbers.append(number)
        else:
            block.broken.append(Reject(number, RejectCode.WRONG_COLUMN_COUNT, kept_cells(row)))
    block.lines = numbers


def is_no_row(row: Sequence[str], file: FileFormat) -> bool:
    """An empty line, a comment, or the header once more: files are often put together from several."""
    if not row or (len(row) == 1 and not row[0].strip()):
        return True
    if file.comments and len(row) != len(file.columns) and row[0].lstrip().startswith("#"):
        return True
    return bool(file.names) and file.names == [cell.strip().lstrip("\ufeff") for cell in row]


def fitted(row: list[str], width: int, *, ragged: bool = False) -> list[str] | None:
    """A row of the file's width, or None; empty cells too many at the end are forgiven."""
    if len(row) == width:
        return row
    if len(row) > width:
        return None if any(map(str.strip, row[width:])) else row[:width]
    return [*row, *[""] * (width - len(row))] if ragged else None


def kept_cells(cells: Sequence[str]) -> list[str]:
    """The cells of a broken row in a form that can be stored and shown."""
    kept = [cell[:KEPT_CHARACTERS] for cell in cells[:KEPT_CELLS]]
    return [NOT_TEXT.sub("\ufffd", cell) for cell in kept] if NOT_TEXT.search("".join(kept)) else kept
