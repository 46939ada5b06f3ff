"""Two texts side by side, sentence by sentence, with what was taken out and what was put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")


@dataclass(frozen=True)
class Piece:
    """Some words; ``changed`` when the other side does not have them."""

    text: str
    changed: bool = False


@dataclass(frozen=True)
class Row:
    """One sentence on each side; an empty side was added or taken out whole."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.changed for piece in (*self.before, *self.after))


def asked_number(given: str, default: int) -> int:
    """The version that an address asks for."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else default


def sentences(text: str) -> list[str]:
    return [part.strip() for part in SENTENCE.split(text) if part.strip()]


def compare(before: str, after: str) -> list[Row]:
    """The rows of a side-by-side table."""
    old, new = sentences(before), sentences(after)
    rows: list[Row] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            rows.extend(Row((Piece(each),), (Piece(each),)) for each in old[i1:i2])
        else:
            rows.extend(changed_rows(old[i1:i2], new[j1:j2]))
    return rows


def changed_rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for index in range(max(len(old), len(new))):
        left = old[index] if index < len(old) else ""
        right = new[index] if index < len(new) else ""
        if left and right:
            yield Row(*by_word(left, right))
        else:
            yield Row(whole(left), whole(right))


def whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, changed=True),) if text else ()


def by_word(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Where two sentences are alike, only the words that differ are marked."""
    old, new = before.split(" "), after.split(" ")
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.4:
        return whole(before), whole(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if i2 > i1:
            left.append(Piece(" ".join(old[i1:i2]), tag != "equal"))
        if j2 > j1:
            right.append(Piece(" ".join(new[j1:j2]), tag != "equal"))
    return tuple(left), tuple(right)
