"""A stored file as logical rows: streamed, in constant memory, and nothing in it can stop the reading.

A file is read in blocks of whole lines. A block in which every line is one row (nearly all of them) is cut by
`str.split` or by one strict `csv.reader`; only a block with something odd in it is walked line by line. A quoted
cell may span a bounded number of lines, and a quotation mark that is never closed costs its own row, not the file.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from subscribers.imports.dialects import (
    SEPARATOR_LINE,
    column_names,
    detect_delimiter,
    is_header,
    known_delimiter,
)
from subscribers.imports.encodings import WIDTHS, decoded, detect_encoding, known_encoding, length_of_mark
from subscribers.imports.problems import (
    REJECT_DETAILS,
    UNCLOSED_QUOTE,
    EmptyFileError,
    RejectCode,
    TooManyColumnsError,
)

BLOCK_BYTES = 256 * 1024
LONGEST_LINE = 1024 * 1024
LINES_IN_A_CELL = 100
PREVIEW_ROWS = 20
KEPT_CELLS = 1000
KEPT_CHARACTERS = 2000
NOT_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """How a file is written, and where its rows begin (bytes from the start, physical line from 1)."""

    encoding: str
    delimiter: str
    newline: str
    columns: tuple[str, ...]
    header: bool
    offset: int
    line: int
    size: int


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not imported: where, why, and its cells as they were read."""

    line: int
    code: RejectCode
    cells: Sequence[str]
    detail: str = ""
    column: str = ""

    @property
    def sentence(self) -> str:
        return self.detail or REJECT_DETAILS[self.code]


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


def inspect_file(
    stream: BinaryIO,
    *,
    size: int,
    encoding: str | None = None,
    delimiter: str | None = None,
    most_columns: int = 500,
) -> FileFormat:
    """How a file is written; encoding and delimiter are detected unless they are given.

    Raises EmptyFileError, BinaryFileError, TooManyColumnsError, UnknownEncodingError, UnknownDelimiterError.
    """
    detected, mark = detect_encoding(stream, size)
    stream.seek(0)
    head = stream.read(BLOCK_BYTES * 2)
    if encoding:
        detected = known_encoding(encoding)
        mark = length_of_mark(head, detected)
    text = decoded(head[mark : mark + LONGEST_LINE], detected)
    newline = "\n" if "\n" in text or "\r" not in text else "\r"
    lines = text.split(newline)
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise EmptyFileError
    hint = SEPARATOR_LINE.match(lines[first].strip())
    if hint:
        delimiter = delimiter or hint[1]
        first += 1
    sample = [line for line in lines[first : first + 200] if line.strip()]
    if not sample:
        raise EmptyFileError
    sample = sample[:-1] if len(sample) > 1 and len(head) < size and first + 200 > len(lines) else sample
    delimiter = known_delimiter(delimiter) if delimiter else detect_delimiter(sample)
    cells, taken = header_cells(lines[first:], delimiter)
    if len(cells) > most_columns:
        raise TooManyColumnsError
    header = is_header(cells)
    before = first + taken if header else first
    start = mark + sum(length(line, detected) + length(newline, detected) for line in lines[:before])
    return FileFormat(
        encoding=detected,
        delimiter=delimiter,
        newline=newline,
        columns=column_names(cells, header=header),
        header=header,
        offset=min(start, size),
        line=before + 1,
        size=size,
    )


def header_cells(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    row, taken = quoted_row(lines, 0, delimiter, None)
    return (row, taken) if taken else (lines[0].rstrip("\r").split(delimiter), 1)


def preview_rows(stream: BinaryIO, file: FileFormat, most: int = PREVIEW_ROWS) -> list[list[str]]:
    """The first rows as they are read, broken ones left out."""
    blocks = read_blocks(stream, file)
    return list(islice((row for block in blocks for row in block.rows), most))


def read_blocks(stream: BinaryIO, file: FileFormat, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The rows of a file from its first to its last, some thousand at a time."""
    end_of_line = file.newline.encode(file.encoding)
    offset, line, buffer = file.offset, file.line, b""
    stream.seek(offset)
    while True:
        data = stream.read(block_bytes)
        buffer += data
        cut = 0 if data else len(buffer)
        if data:
            cut = last_line_end(buffer, end_of_line)
        if not cut:
            if not data:
                return
            if len(buffer) < LONGEST_LINE:
                continue
            yield (block := overlong_line(stream, file, buffer, end_of_line, offset, line))
            offset, line, buffer = block.offset, block.line, b""
            stream.seek(offset)
            continue
        at_end = not data or len(buffer) > LONGEST_LINE * 4
        block, consumed = read_block(buffer[:cut], file, line, at_end=at_end)
        if not consumed:
            continue
        offset += consumed
        block.offset = offset
        line, buffer = block.line, buffer[consumed:]
        yield block


def last_line_end(buffer: bytes, end_of_line: bytes) -> int:
    """The length of the whole lines in a buffer; in UTF-16 a line end counts only where a character begins."""
    width, place = len(end_of_line), len(buffer)
    while (place := buffer.rfind(end_of_line, 0, place)) != -1:
        if place % width == 0:
            return place + width
        place += width - 1
    return 0


def overlong_line(
    stream: BinaryIO, file: FileFormat, buffer: bytes, end_of_line: bytes, offset: int, line: int
) -> Block:
    """Skip a line of more than a megabyte: nobody's name is that long."""
    start = decoded(buffer[: KEPT_CHARACTERS * 4], file.encoding)
    position = offset + len(buffer)
    stream.seek(position)
    while data := stream.read(BLOCK_BYTES // 4 * 4):
        place = data.find(end_of_line)
        while place != -1 and place % len(end_of_line):
            place = data.find(end_of_line, place + 1)
        if place != -1:
            position += place + len(end_of_line)
            break
        position += len(data)
    reject = Reject(line, RejectCode.TOO_LONG, kept_cells([start]))
    return Block(broken=[reject], offset=position, line=line + 1)


def read_block(raw: bytes, file: FileFormat, line: int, *, at_end: bool) -> tuple[Block, int]:
    """Some whole lines as rows, and how many bytes of them were used up: a cell may go on in the next block."""
    text = decoded(raw, file.encoding)
    texts = text.split(file.newline)
    if not texts[-1]:
        texts.pop()
    block = Block(line=line + len(texts))
    odd = NOT_TEXT.search(text)
    if file.newline == "\n" and "\r" in text:
        text = text.replace("\r\n", "\n")
        rows = None if odd else simple_rows(text, text.removesuffix("\n").split("\n"), file)
    else:
        rows = None if odd else simple_rows(text, texts, file)
    if rows is not None:
        block.plain = is_plain(text, file)
        keep_full_rows(block, rows, range(line, line + len(rows)), file)
        return block, len(raw)
    block.plain = False
    taken = walk_lines(block, texts, file, line, at_end=at_end)
    block.line = line + taken
    return block, bytes_of_lines(raw, texts, taken, file)


def is_plain(text: str, file: FileFormat) -> bool:
    tabs = "\t" in text and (file.delimiter != "\t" or '"' in text)
    return not tabs and "\\" not in text and "\r" not in text.replace(file.newline, "")


def simple_rows(text: str, lines: list[str], file: FileFormat) -> list[list[str]] | None:
    """The rows of a block in which every line is one row, else None."""
    if '"' not in text:
        delimiter = file.delimiter
        return [line.split(delimiter) for line in lines]
    try:
        rows = list(csv.reader(lines, delimiter=file.delimiter, strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) else None


def keep_full_rows(block: Block, rows: list[list[str]], lines: Sequence[int], file: FileFormat) -> None:
    """Sort rows into those of the right width and the broken ones; empty lines are no rows."""
    width = len(file.columns)
    if set(map(len, rows)) == {width} and width > 1:
        block.rows, block.lines = rows, lines
        return
    block.rows, numbers = [], []
    for number, row in zip(lines, rows, strict=True):
        full = fitted(row, width)
        if full is not None:
            block.rows.append(full)
            numbers.append(number)
        elif not is_blank(row):
            block.broken.append(Reject(number, RejectCode.WRONG_COLUMN_COUNT, kept_cells(row)))
    block.lines = numbers


def is_blank(row: Sequence[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


def fitted(row: list[str], width: int) -> list[str] | None:
    """A row of the file's width, or None; empty cells too many at the end are forgiven."""
    if is_blank(row):
        return None
    if len(row) == width:
        return row
    return row[:width] if len(row) > width and not any(map(str.strip, row[width:])) else None


def walk_lines(block: Block, texts: list[str], file: FileFormat, line: int, *, at_end: bool) -> int:
    """Read a block with something odd in it line by line; returns how many lines were used up."""
    width, place = len(file.columns), 0
    rows: list[list[str]] = []
    numbers: list[int] = []
    while place < len(texts):
        text, number = texts[place], line + place
        if NOT_TEXT.search(text):
            block.broken.append(Reject(number, RejectCode.UNDECODABLE, kept_cells(text.split(file.delimiter))))
            place += 1
            continue
        text = text.rstrip("\r")
        if '"' not in text:
            rows.append(text.split(file.delimiter))
            numbers.append(number)
            place += 1
            continue
        row, taken = quoted_row(texts, place, file.delimiter, width)
        if taken < 0 and not at_end and len(texts) - place < LINES_IN_A_CELL:
            break  # the closing mark may stand in the next block
        if taken > 0:
            rows.append(row)
            numbers.append(number)
        else:
            keep_stray(block, rows, numbers, text, number, file)
        place += max(taken, 1)
    broken, block.broken = block.broken, []
    keep_full_rows(block, rows, numbers, file)
    block.broken = sorted(broken + block.broken, key=lambda reject: reject.line)
    return place


def quoted_row(texts: Sequence[str], place: int, delimiter: str, width: int | None) -> tuple[list[str], int]:
    """A row with quotation marks and the lines it takes; 0 lines when its marks make no sense, -1 when unclosed.

    Over several lines the row must have the right width: a stray mark that meets another one hardly ever does.
    """
    lines = [text + "\n" for text in texts[place : place + LINES_IN_A_CELL]]
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        row = next(reader)
    except csv.Error as error:
        return [], (-1 if "unexpected end" in str(error) else 0)
    except StopIteration:
        return [], 0
    taken = reader.line_num
    if taken > 1 and ((width and len(row) != width) or any(map(NOT_TEXT.search, lines[:taken]))):
        return [], 0
    return [cell.replace("\r\n", "\n") for cell in row] if taken > 1 else row, taken


def keep_stray(
    block: Block, rows: list[list[str]], numbers: list[int], text: str, number: int, file: FileFormat
) -> None:
    """Keep a row with a stray quotation mark if its cells are still beyond doubt."""
    literal = [without_marks(cell) for cell in text.split(file.delimiter)]
    if fitted(literal, len(file.columns)):
        rows.append(literal)
        numbers.append(number)
        return
    lenient = lenient_row(text, file.delimiter)
    if text.count('"') % 2 == 0 and len(lenient) == len(file.columns):
        rows.append(lenient)
        numbers.append(number)
        return
    detail = UNCLOSED_QUOTE if text.count('"') % 2 else ""
    block.broken.append(Reject(number, RejectCode.WRONG_COLUMN_COUNT, kept_cells(literal), detail))


def lenient_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def without_marks(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell.removeprefix('"')


def kept_cells(cells: Sequence[str]) -> list[str]:
    """The cells of a broken row in a form that can be stored and shown."""
    return [NOT_TEXT.sub("\ufffd", cell[:KEPT_CHARACTERS]) for cell in cells[:KEPT_CELLS]]


def length(text: str, encoding: str) -> int:
    errors = "surrogatepass" if encoding in WIDTHS else "surrogateescape"
    return len(text.encode(encoding, errors))


def bytes_of_lines(raw: bytes, texts: Sequence[str], taken: int, file: FileFormat) -> int:
    """How many bytes the first lines of a block take up in the file."""
    if taken >= len(texts):
        return len(raw)
    end_of_line = file.newline.encode(file.encoding)
    if file.encoding in WIDTHS:
        return sum(len(text.encode(file.encoding, "surrogatepass")) + len(end_of_line) for text in texts[:taken])
    place = 0
    for _line in range(taken):
        place = raw.index(end_of_line, place) + 1
    return place
