"""Lines with something odd in them, read one by one: bytes that are no text, stray marks, cells over several lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from subscribers.imports.problems import UNCLOSED_QUOTE, RejectCode
from subscribers.imports.reading.blocks import NOT_TEXT, Block, FileFormat, Reject, fitted, keep_full_rows, kept_cells
from subscribers.imports.reading.dialects import LINES_IN_A_CELL, Dialect, quoted_row
from subscribers.imports.reading.encodings import WIDTHS


@dataclass(slots=True)
class OddLines:
    """The lines of a block that are being walked through, and the rows found so far."""

    texts: list[str]
    file: FileFormat
    line: int
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    broken: list[Reject] = field(default_factory=list)

    def walk(self, *, at_end: bool) -> int:
        """Read on as far as rows are whole; returns how many lines were used up."""
        place = 0
        while place < len(self.texts):
            text = self.texts[place]
            if NOT_TEXT.search(text):
                cells = kept_cells(text.split(self.file.delimiter))
                self.broken.append(Reject(self.line + place, RejectCode.UNDECODABLE, cells))
                place += 1
            elif self.file.dialect.is_simple(text):
                self._keep(self.file.dialect.cut(text), place)
                place += 1
            else:
                row, taken = self._quoted(place)
                if taken < 0 and not at_end and len(self.texts) - place < LINES_IN_A_CELL:
                    break  # the closing mark may stand in the next block
                if taken > 0:
                    self._keep(row, place)
                else:
                    self._keep_stray(text, place)
                place += max(taken, 1)
        return place

    def sort_into(self, block: Block) -> None:
        keep_full_rows(block, self.rows, self.numbers, self.file)
        block.broken = sorted(self.broken + block.broken, key=lambda reject: reject.line)

    def _keep(self, row: list[str], place: int) -> None:
        self.rows.append(row)
        self.numbers.append(self.line + place)

    def _quoted(self, place: int) -> tuple[list[str], int]:
        """A row over several lines must have the right width: a stray mark that meets another one hardly ever does."""
        row, taken = quoted_row(self.texts, place, self.file.dialect)
        if taken > 1:
            lines = self.texts[place : place + taken]
            if len(row) != len(self.file.columns) or any(map(NOT_TEXT.search, lines)):
                return [], 0
        return row, taken

    def _keep_stray(self, text: str, place: int) -> None:
        """Keep a row with a stray quotation mark if its cells are still beyond doubt."""
        width, quote = len(self.file.columns), self.file.quote
        literal = [without_marks(cell, quote) for cell in text.split(self.file.delimiter)]
        if fitted(literal, width):
            self._keep(literal, place)
            return
        lenient = lenient_row(text, self.file.dialect)
        odd = text.count(quote) % 2
        if not odd and len(lenient) == width:
            self._keep(lenient, place)
            return
        detail = UNCLOSED_QUOTE if odd else ""
        reject = Reject(self.line + place, RejectCode.WRONG_COLUMN_COUNT, kept_cells(literal), detail)
        self.broken.append(reject)


def lenient_row(text: str, dialect: Dialect) -> list[str]:
    try:
        return next(csv.reader([text], **dialect.options), [])
    except csv.Error:
        return []


def without_marks(cell: str, quote: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == quote:
        return cell[1:-1].replace(quote * 2, quote)
    return cell.removeprefix(quote)


def lines_of(text: str, file: FileFormat) -> list[str]:
    """The physical lines of a block. Line ends of the other kind count where that makes whole rows."""
    lines = text.split(file.newline)
    if not lines[-1]:
        lines.pop()
    other = "\r" if file.newline == "\n" else "\n"
    if other not in text:
        return lines
    return [piece for line in lines for piece in pieces_of(line, other, file)]


def pieces_of(line: str, other: str, file: FileFormat) -> list[str]:
    pieces = line.split(other)
    inner = [piece for piece in pieces if piece]
    if len(inner) < 2 or not all(is_whole(piece, file) for piece in inner):
        return [line]
    # What is left of \r\n stays with its line, so that its bytes are counted.
    if not pieces[0]:
        pieces = [other + pieces[1], *pieces[2:]]
    if not pieces[-1]:
        pieces = [*pieces[:-2], pieces[-2] + other]
    return pieces


def is_whole(text: str, file: FileFormat) -> bool:
    if file.dialect.is_simple(text):
        return text.count(file.delimiter) + 1 == len(file.columns)
    row, taken = quoted_row([text], 0, file.dialect)
    return taken == 1 and len(row) == len(file.columns)


def bytes_of_lines(raw: bytes, lines: Sequence[str], taken: int, file: FileFormat) -> int:
    """How many bytes the first lines of a block take up in the file."""
    if taken >= len(lines):
        return len(raw)
    end_of_line = file.newline.encode(file.encoding)
    errors = "surrogatepass" if file.encoding in WIDTHS else "surrogateescape"
    physical = raw.count(end_of_line) + (not raw.endswith(end_of_line))
    if errors == "surrogatepass" or len(lines) != physical:
        return sum(len(text.encode(file.encoding, errors)) + len(end_of_line) for text in lines[:taken])
    place = 0
    for _line in range(taken):
        place = raw.index(end_of_line, place) + 1
    return place


@cache
def null_cells(delimiter: str) -> re.Pattern[str]:
    r"""`\N` alone in its cell: what MySQL writes where there is no value."""
    mark = re.escape(delimiter)
    return re.compile(rf"(?:(?<=^)|(?<={mark}))\\N(?={mark}|$)", re.MULTILINE)


def null_as_nothing(text: str, dialect: Dialect) -> str:
    return null_cells(dialect.delimiter).sub("", text) if dialect.escape and "\\N" in text else text
