"""Cells of COPY text, and back to the text they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from subscribers.imports.values.converting import NULL

PIECE_ROWS = 2000  # of a chunk's 10,000: no more need lie in memory twice
ESCAPED = re.compile(r"\\(.)")
MEANT = {"t": "\t", "n": "\n", "r": "\r"}


def text_of(cell: str) -> str:
    """What a cell that is not empty stands for; hardly any holds a backslash."""
    return ESCAPED.sub(lambda found: MEANT.get(found[1], found[1]), cell) if "\\" in cell else cell


def texts_of(cells: Iterable[str]) -> list[str | None]:
    return [None if cell == NULL else text_of(cell) for cell in cells]


def list_of(cell: str) -> list[str]:
    """The members of an array of plain names."""
    return [] if cell in (NULL, "{}") else cell[1:-1].split(",")


def filled(cells: Sequence[str], empty: str) -> Sequence[str]:
    """The cells, with something else where there is nothing: for columns that are never null."""
    return [empty if cell == NULL else cell for cell in cells] if empty != NULL and NULL in cells else cells


def copy_lines(columns: Iterable[Sequence[str]], *, first: Sequence[object] = ()) -> list[bytes]:
    """Rows of COPY text from their columns, some thousand rows a piece; every row begins with the same cells."""
    rows = map("\t".join, zip(*columns, strict=True))
    start = "".join(f"{cell}\t" for cell in first)
    pieces = []
    while lines := f"\n{start}".join(islice(rows, PIECE_ROWS)):
        pieces.append(f"{start}{lines}\n".encode())
    return pieces
