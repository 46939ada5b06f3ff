"""What is sealed: tables that only grow. A room registers its own as a stream in ``AppConfig.ready()``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.organisations.roles import Capability
from portal.ui.components import Text

Documents = Callable[[bytes, bytes], bytes]
"""Gives the canonical JSON (RFC 8785) of a row from its id and its columns.

These come as COPY text writes them: with a tab between two, and null and empty alike as nothing.
"""

Named = dict[str, int]
"""What rows name elsewhere, in the stream's own words, each with the first row that does."""

OpenStream = Callable[[Any, Mapping[int, bytes], Named], Documents]
"""Gets a cursor, the organisations' names, already escaped, and where to note what the rows name elsewhere; reads what
all rows need.
"""

RowCheck = Callable[[int | None, Named], "list[Orphan]"]
"""Gets the organisation and what its sealed rows name; looks whether it is there, and as it was."""


@dataclass(frozen=True)
class Orphan:
    """Something that rests on a row of the stream which is not there, or on which a row rests."""

    code: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One table whose rows are sealed.

    It has the columns ``organisation_id``, ``id`` and ``transaction`` (xid8, set by the database itself), a BRIN index
    on ``(transaction::text::bigint)``, and the trigger that keeps it from being changed. ``columns`` are SQL
    expressions on the row ``e``, in the order in which ``open`` expects their cells; ``recorded`` is when a row was
    written. Whoever has the ``capability`` may see the state of its chain. ``findings``: what the codes of its
    ``orphans`` mean.
    """

    name: str
    label: Text
    table: str
    columns: Sequence[str]
    recorded: str
    open: OpenStream
    capability: Capability
    orphans: RowCheck | None = None
    findings: Mapping[str, Text] = field(default_factory=dict)


_streams: dict[str, Stream] = {}


def register_stream(stream: Stream) -> None:
    """Have this table sealed; a second stream of the same name replaces the first."""
    _streams[stream.name] = stream


def streams() -> list[Stream]:
    return list(_streams.values())


def stream_named(name: str) -> Stream:
    return _streams[name]


ESCAPES = {
    ord("b"): b"\b",
    ord("f"): b"\f",
    ord("n"): b"\n",
    ord("r"): b"\r",
    ord("t"): b"\t",
    ord("v"): b"\v",
}


def unescaped(cell: bytes) -> bytes:
    """The bytes that a cell of COPY text stands for."""
    if b"\\" not in cell:
        return cell
    found = bytearray()
    place = 0
    while place < len(cell):
        byte = cell[place]
        if byte == 0x5C and place + 1 < len(cell):
            place += 1
            found += ESCAPES.get(cell[place], cell[place : place + 1])
        else:
            found.append(byte)
        place += 1
    return bytes(found)
