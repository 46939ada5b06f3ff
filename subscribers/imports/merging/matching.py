"""Which contact does each row meet: by external id, then e-mail, then phone; and rows that meet two (they are listed).

Looked up ahead of the merge, while the chunk before is still on its way. Whoever changes a contact in between is met
again in the merge itself (see `merging`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from subscribers.imports.merging import sql
from subscribers.imports.values.cells import text_of
from subscribers.imports.values.converting import NULL
from subscribers.imports.values.rows import StagedRows

# In the order in which they decide.
KINDS = ("external_id", "email_key", "phone")
Ids = NDArray[np.int64]


@dataclass(slots=True)
class Matches:
    """For each row the contact it meets, or None; the rows that meet two with the reason; those that repeat one."""

    met: list[int | None]
    conflicts: dict[int, str] = field(default_factory=dict)
    repeated: set[int] = field(default_factory=set)


class MetContacts:
    """The contacts met so far: the first row of the file about a contact stands."""

    def __init__(self) -> None:
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._waiting: list[Ids] = []

    def note(self, ids: Sequence[int]) -> set[int]:
        """Add these; answers those that were known already."""
        given = np.unique(np.array(ids, dtype=np.int64))
        self._gather()
        places = np.searchsorted(self._ids, given)
        places[places == len(self._ids)] = 0
        known = given[self._ids[places] == given] if len(self._ids) else given[:0]
        self._waiting.append(given)
        return set(known.tolist())

    def _gather(self) -> None:
        if self._waiting:
            self._ids = np.unique(np.concatenate([self._ids, *self._waiting]))
            self._waiting.clear()


def matches_of(
    organisation_id: int, rows: StagedRows, earlier: Callable[[Sequence[int]], Iterable[int]] | None = None
) -> Matches:
    """Who meets whom. ``earlier`` answers which of some contacts rows before these have met."""
    found = {kind: holders(organisation_id, kind, rows.columns[kind]) for kind in KINDS if kind in rows.columns}
    if len(found) == 1:  # then rows of different identities can't meet the same contact
        only = next(iter(found.values()))
        return Matches([only.get(number) for number in range(len(rows))])
    matches = Matches([None] * len(rows))
    for number in sorted(set().union(*found.values())):
        held = {kind: met[number] for kind, met in found.items() if number in met}
        if len(set(held.values())) > 1:
            matches.conflicts[number] = conflict(held)
        else:
            matches.met[number] = next(iter(held.values()))
    note_repeats(matches, earlier)
    return matches


def note_repeats(matches: Matches, earlier: Callable[[Sequence[int]], Iterable[int]] | None) -> None:
    ids = [contact for contact in matches.met if contact is not None]
    seen = set(earlier(ids)) if earlier else set()
    for number, contact in enumerate(matches.met):
        if contact is not None and contact in seen:
            matches.repeated.add(number)
        elif contact is not None:
            seen.add(contact)


def holders(organisation_id: int, kind: str, cells: Sequence[str]) -> dict[int, int]:
    """Number of the row -> the contact that has its identity of this kind.

    Scalar subqueries: an index look-up a row, whatever the planner thinks of a table that has just grown.
    """
    if all(cell == NULL for cell in cells):
        return {}
    keys = "\n".join(cells)
    if "\\" in keys:
        keys = "\n".join([cell if cell == NULL else text_of(cell) for cell in cells])
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"organisation_id": organisation_id, "keys": keys}
        cursor.execute(sql.HOLDERS[kind], parameters)
        return dict(cursor.fetchall())


def conflict(held: dict[str, int]) -> str:
    """Which identity is whose, for `problems.in_words`."""
    return " ".join(f"{kind}:{contact}" for kind, contact in held.items())
