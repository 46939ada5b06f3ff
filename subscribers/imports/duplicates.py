"""Who has been seen in this file before? Exact within a chunk, and by 128-bit fingerprints in constant memory after.

A set of a million identities as Python numbers takes 85 MB, and there are three kinds; these bitmaps take some 15 MB.
An identity counts as seen when all four know it: with ten million of them the chance of a false one is 1 to 10^9.
"""

from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from subscribers.imports.converting import NULL
from subscribers.imports.rows import KEYS, StagedRows

HALF = 0xFFFFFFFF


class SeenIdentities:
    """The identities of one kind in the chunks read so far."""

    def __init__(self) -> None:
        self._bitmaps = [BitMap() for _number in range(4)]

    def among(self, identities: Iterable[str]) -> set[str]:
        """Those of these identities that an earlier chunk had."""
        first = self._bitmaps[0]
        if not first:
            return set()
        candidates = [identity for identity in identities if hash(identity) & HALF in first]
        return {identity for identity in candidates if self._knows(identity)}

    def _knows(self, identity: str) -> bool:
        return all(part in bitmap for part, bitmap in zip(fingerprint(identity), self._bitmaps, strict=True))

    def add(self, identities: Iterable[str]) -> None:
        parts = zip(*map(fingerprint, identities), strict=True)
        for bitmap, hashes in zip(self._bitmaps, parts, strict=False):
            bitmap.update(hashes)


def fingerprint(identity: str) -> tuple[int, int, int, int]:
    one, two = hash(identity), hash((identity, "second"))
    return one & HALF, one >> 32 & HALF, two & HALF, two >> 32 & HALF


class Deduplicator:
    """Leaves the first row of each person: rows that share any identity are the same person."""

    def __init__(self) -> None:
        self._seen = {key: SeenIdentities() for key in KEYS}

    def first_rows(self, rows: StagedRows) -> tuple[StagedRows, int]:
        """The rows that repeat nobody, and how many did."""
        columns = rows.keys
        earlier = {key: self._seen[key].among(cells) for key, cells in columns.items()}
        repeats = repeated_rows(columns, earlier, len(rows.lines))
        for key, cells in columns.items():
            self._seen[key].add(set(cells) - {NULL})
        if not repeats:
            return rows, 0
        return rows.kept([number not in repeats for number in range(len(rows.lines))]), len(repeats)


def repeated_rows(columns: dict[str, list[str]], earlier: dict[str, set[str]], count: int) -> set[int]:
    """The numbers of the rows that share an identity with a row before them."""
    if all(len(set(cells)) == count for cells in columns.values()) and not any(earlier.values()):
        return set()
    here: dict[str, set[str]] = {key: set() for key in columns}
    repeats: set[int] = set()
    for number, identities in enumerate(zip(*columns.values(), strict=True)):
        named: Sequence[tuple[str, str]] = [
            (key, identity) for key, identity in zip(columns, identities, strict=True) if identity != NULL
        ]
        if any(identity in earlier[key] or identity in here[key] for key, identity in named):
            repeats.add(number)
        for key, identity in named:
            here[key].add(identity)
    return repeats
