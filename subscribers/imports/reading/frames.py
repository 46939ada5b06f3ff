"""Chunks of rows as bytes, on their way from one process to another: lengths, what is few as JSON, columns as text.

No cell holds a line end or a NUL: cells of COPY text are escaped, and a NUL makes a row a reject.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from struct import Struct
from typing import Any, BinaryIO

from subscribers.imports.problems import RejectCode
from subscribers.imports.reading.chunks import Chunk
from subscribers.imports.reading.streaming import Reject
from subscribers.imports.values.rows import StagedRows

LENGTHS = Struct(">IIII")
PARTS = ("rows", "stopped", "repeats")


def write_chunk(stream: BinaryIO, chunk: Chunk) -> None:
    parts = [getattr(chunk, part) for part in PARTS]
    head = {
        "names": list(chunk.rows.columns),
        "counts": [len(part) for part in parts],
        "rejects": [(reject.line, reject.code, reject.cells, reject.detail, reject.column) for reject in chunk.rejects],
        "flags": chunk.flags,
        "slips": chunk.slips,
        "start": chunk.start,
        "offset": chunk.offset,
        "line": chunk.line,
    }
    texts = [json.dumps(head).encode(), *(text_of_rows(part) for part in parts)]
    stream.write(LENGTHS.pack(*map(len, texts)))
    for text in texts:
        stream.write(text)
    stream.flush()


def text_of_rows(rows: StagedRows) -> bytes:
    return "\0".join(map("\n".join, rows.columns.values())).encode() if len(rows) else b""


def read_chunk(stream: BinaryIO) -> Chunk | None:
    """The next chunk, or None where the stream ends between two."""
    lengths = stream.read(LENGTHS.size)
    if not lengths:
        return None
    texts = [exactly(stream, length) for length in LENGTHS.unpack(lengths)]
    head: dict[str, Any] = json.loads(texts[0])
    parts = [rows_of_text(head["names"], count, text) for count, text in zip(head["counts"], texts[1:], strict=True)]
    return Chunk(
        **dict(zip(PARTS, parts, strict=True)),
        rejects=[
            Reject(line, RejectCode(code), cells, detail, column)
            for line, code, cells, detail, column in head["rejects"]
        ],
        flags=head["flags"],
        slips={domain: (suggestion, rows) for domain, (suggestion, rows) in head["slips"].items()},
        start=(head["start"][0], head["start"][1]),
        offset=head["offset"],
        line=head["line"],
    )


def rows_of_text(names: Sequence[str], count: int, text: bytes) -> StagedRows:
    if not count:
        return StagedRows({name: [] for name in names}, [])
    columns = (column.split("\n") for column in text.decode().split("\0"))
    return StagedRows(dict(zip(names, columns, strict=True)), [])


def exactly(stream: BinaryIO, length: int) -> bytes:
    """So many bytes; EOFError when the other side is gone."""
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
