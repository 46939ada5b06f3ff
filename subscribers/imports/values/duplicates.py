"""Who has been seen in this file before? Exact within a chunk, and by 64-bit hashes, 8 bytes each, after.

A set of a million identities as Python numbers takes 85 MB, and there are three kinds. Sorted arrays take 8 MB, and
numpy searches them without holding the interpreter. Among ten million identities the chance that one is taken for
another is 1 to 100,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from subscribers.imports.values.converting import NULL
from subscribers.imports.values.rows import KEYS, StagedRows

Hashes = NDArray[np.int64]


class SeenIdentities:
    """The identities of one kind in the chunks read so far: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def among(self, identities: Sequence[str]) -> set[str]:
        """Those of these identities that an earlier chunk had."""
        if not self._runs:
            return set()
        hashes = hashes_of(identities)
        known = np.zeros(len(hashes), dtype=bool)
        for run in self._runs:
            places = np.searchsorted(run, hashes)
            places[places == len(run)] = 0
            known |= run[places] == hashes
        return {identities[number] for number in np.flatnonzero(known).tolist()}

    def add(self, identities: Sequence[str]) -> None:
        if not identities:
            return
        run = np.sort(hashes_of(identities))
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
        self._runs.append(run)


def hashes_of(identities: Sequence[str]) -> Hashes:
    """Python's own hash of text: keyed anew in each process, so nobody can write a file that collides on purpose."""
    return np.fromiter(map(hash, identities), dtype=np.int64, count=len(identities))


class Deduplicator:
    """Leaves the first row of each person: rows that share any identity are the same person.

    A row that says not to write to somebody is never a repeat: it counts wherever it stands, and a later row of that
    person does not.
    """

    def __init__(self) -> None:
        self._seen = {key: SeenIdentities() for key in KEYS}

    def repeats(self, rows: StagedRows) -> set[int]:
        """The numbers of the rows that repeat somebody."""
        columns = rows.keys
        suspects = {key: self._suspects(key, cells) for key, cells in columns.items()}
        return repeated_rows(columns, suspects, rows.stops)

    def _suspects(self, key: str, cells: list[str]) -> dict[str, bool]:
        """The identities that may make a row a repeat; true for those an earlier chunk had."""
        counts = Counter(cells)
        counts.pop(NULL, None)
        identities = list(counts)
        suspects = dict.fromkeys((one for one, count in counts.items() if count > 1), False)
        suspects |= dict.fromkeys(self._seen[key].among(identities), True)
        self._seen[key].add(identities)
        return suspects


def repeated_rows(
    columns: dict[str, list[str]], suspects: dict[str, dict[str, bool]], stops: Sequence[bool]
) -> set[int]:
    """The numbers of the rows that share an identity with a row before them."""
    looked_at = sorted(
        {
            number
            for key, cells in columns.items()
            if suspects[key]
            for number, identity in enumerate(cells)
            if identity in suspects[key]
        }
    )
    here: dict[str, set[str]] = {key: {one for one, earlier in suspects[key].items() if earlier} for key in columns}
    repeats: set[int] = set()
    for number in looked_at:
        named = [(key, cells[number]) for key, cells in columns.items() if cells[number] in suspects[key]]
        if any(identity in here[key] for key, identity in named) and not (stops and stops[number]):
            repeats.add(number)
        for key, identity in named:
            here[key].add(identity)
    return repeats
