"""A stored file as logical rows: streamed, in constant memory, and nothing in it can stop the reading.

A file is read in blocks of whole lines. A block in which every line is one row (nearly all of them) is cut by
`str.split` or by one strict `csv.reader`; only a block with something odd in it is walked line by line. A quoted
cell may span a bounded number of lines, and a quotation mark that is never closed costs its own row, not the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from subscribers.imports.problems import RejectCode
from subscribers.imports.reading.blocks import (
    KEPT_CHARACTERS,
    Block,
    FileFormat,
    Reject,
    keep_full_rows,
    kept_cells,
)
from subscribers.imports.reading.encodings import decoded
from subscribers.imports.reading.odd_lines import OddLines, bytes_of_lines, lines_of, null_as_nothing

__all__ = ["BLOCK_BYTES", "PREVIEW_ROWS", "Block", "FileFormat", "Reject", "kept_cells", "preview_rows", "read_blocks"]

BLOCK_BYTES = 256 * 1024
LONGEST_LINE = 1024 * 1024
LINE_SEPARATOR = "\u2028"
PREVIEW_ROWS = 100


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
    rows = simple_rows(text, file) if is_text(text) else None
    if rows is not None:
        block = Block(line=line + len(rows), plain=is_plain(text, file))
        if file.folded and LINE_SEPARATOR in text:
            rows = [[cell.replace(LINE_SEPARATOR, "\n") for cell in row] for row in rows]
            block.plain = False
        keep_full_rows(block, rows, range(line, block.line), file, sift=bool(file.repeated) and file.repeated in text)
        return block, len(raw)
    lines = lines_of(text, file)
    odd = OddLines([null_as_nothing(one.strip("\r\n"), file.dialect) for one in lines], file, line)
    taken = odd.walk(at_end=at_end)
    block = Block(line=line + taken, plain=False)
    odd.sort_into(block)
    return block, bytes_of_lines(raw, lines, taken, file)


def is_text(text: str) -> bool:
    """Is there no `NOT_TEXT` in it? What encodes has no lone surrogates; to search for them takes ten times longer."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def is_plain(text: str, file: FileFormat) -> bool:
    tabs = "\t" in text and (file.delimiter != "\t" or (bool(file.quote) and file.quote in text))
    # Where lines end with LF, a CR of simple rows belongs to the end of its line.
    returns = file.newline != "\n" and "\r" in text.replace(file.newline, "")
    return not tabs and "\\" not in text and not returns


def simple_rows(text: str, file: FileFormat) -> list[list[str]] | None:
    """The rows of a block in which every line is one row, else None."""
    newline, dialect = file.newline, file.dialect
    if newline == "\n" and "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    elif newline == "\r" and "\n" in text:
        return None
    lines = text.removesuffix(newline).split(newline)
    if dialect.is_simple(text):
        if dialect.spaced:
            return [dialect.cut(line) for line in lines]
        delimiter = dialect.delimiter
        return [line.split(delimiter) for line in lines]
    if dialect.escape:
        lines = [null_as_nothing(line, dialect) for line in lines]
    try:
        rows = list(csv.reader(lines, **dialect.options, strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) else None
