"""Who has been seen in this file before? Exact within a chunk, and by 64-bit hashes, 8 bytes each, after.

A set of a million identities as Python numbers takes 85 MB, and there are three kinds. Sorted arrays take 8 MB, and
numpy searches them without holding the interpreter. Among ten million identities the chance that one is taken for
another is 1 to 100,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from subscribers.imports.values.converting import NULL
from subscribers.imports.values.rows import KEYS, StagedRows

Hashes = NDArray[np.int64]


class SeenIdentities:
    """The hashes of one kind of identity in the chunks read so far: sorted runs, each at least twice the next."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def among(self, hashes: Hashes) -> Hashes:
        """Those of these hashes that an earlier chunk had."""
        known = np.zeros(len(hashes), dtype=bool)
        for run in self._runs:
            known |= are_among(hashes, run)
        return hashes[known]

    def add(self, run: Hashes) -> None:
        """Remember these, which are sorted."""
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
        self._runs.append(run)


def are_among(hashes: Hashes, run: Hashes) -> NDArray[np.bool_]:
    """Which hashes are in a sorted run? `numpy.isin` would sort both."""
    if not len(run):
        return np.zeros(len(hashes), dtype=bool)
    places = np.searchsorted(run, hashes)
    places[places == len(run)] = 0
    return run[places] == hashes


def hashes_of(identities: Sequence[str]) -> Hashes:
    """Python's own hash of text: keyed anew in each process, so nobody can write a file that collides on purpose."""
    return np.fromiter(map(hash, identities), dtype=np.int64, count=len(identities))


@dataclass(frozen=True, slots=True)
class Suspects:
    """The rows whose identity of one kind may make them repeats, and the identities that an earlier chunk had."""

    numbers: Sequence[int]
    identities: frozenset[str]
    earlier: frozenset[str]


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

    def _suspects(self, key: str, cells: Sequence[str]) -> Suspects:
        hashes = hashes_of(cells)
        given = np.sort(hashes[hashes != hash(NULL)])
        again = given[1:] == given[:-1]
        met_earlier = self._seen[key].among(given)
        self._seen[key].add(given)
        earlier = np.flatnonzero(are_among(hashes, met_earlier)).tolist()
        numbers = [*np.flatnonzero(are_among(hashes, given[1:][again])).tolist(), *earlier]
        return Suspects(
            numbers, frozenset(cells[number] for number in numbers), frozenset(cells[number] for number in earlier)
        )


def repeated_rows(
    columns: Mapping[str, Sequence[str]], suspects: Mapping[str, Suspects], stops: Sequence[bool]
) -> set[int]:
    """The numbers of the rows that share an identity with a row before them."""
    here = {key: set(suspects[key].earlier) for key in columns}
    repeats: set[int] = set()
    for number in sorted({number for each in suspects.values() for number in each.numbers}):
        named = [(key, cells[number]) for key, cells in columns.items() if cells[number] in suspects[key].identities]
        if any(identity in here[key] for key, identity in named) and not (stops and stops[number]):
            repeats.add(number)
        for key, identity in named:
            here[key].add(identity)
    return repeats
