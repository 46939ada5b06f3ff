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
from subscribers.imports.values.duplicates import are_among
from subscribers.imports.values.rows import StagedRows

# In the order in which they decide.
KINDS = ("external_id", "email_key", "phone")
Ids = NDArray[np.int64]


@dataclass(slots=True)
class Matches:
    """For each row the id of the contact it meets, as a cell of COPY text, empty where it meets nobody; the rows that
    meet two, with the reason; those that repeat one.
    """

    met: Sequence[str]
    conflicts: dict[int, str] = field(default_factory=dict)
    repeated: set[int] = field(default_factory=set)


class MetContacts:
    """The contacts met so far: the first row of the file about a contact stands."""

    def __init__(self) -> None:
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._waiting: list[Ids] = []

    def note(self, ids: Sequence[str]) -> set[str]:
        """Add these; answers those that were known already."""
        given = np.unique(np.fromiter(map(int, ids), dtype=np.int64, count=len(ids)))
        self._gather()
        known = given[are_among(given, self._ids)]
        self._waiting.append(given)
        return set(map(str, known.tolist()))

    def _gather(self) -> None:
        if self._waiting:
            self._ids = np.unique(np.concatenate([self._ids, *self._waiting]))
            self._waiting.clear()


def matches_of(
    organisation_id: int, rows: StagedRows, earlier: Callable[[Sequence[str]], Iterable[str]] | None = None
) -> Matches:
    """Who meets whom. ``earlier`` answers which of some contacts rows before these have met."""
    found = {kind: holders(organisation_id, kind, rows.columns[kind]) for kind in KINDS if kind in rows.columns}
    if not found:
        return Matches([""] * len(rows))
    if len(found) == 1:  # then rows of different identities can't meet the same contact
        return Matches(next(iter(found.values())))
    met: list[str] = []
    conflicts: dict[int, str] = {}
    for number, held in enumerate(zip(*found.values(), strict=True)):
        contacts = {contact for contact in held if contact}
        if len(contacts) > 1:
            conflicts[number] = conflict(dict(zip(found, held, strict=True)))
        met.append(contacts.pop() if len(contacts) == 1 else "")
    return Matches(met, conflicts, repeats(met, earlier))


def repeats(met: Sequence[str], earlier: Callable[[Sequence[str]], Iterable[str]] | None) -> set[int]:
    """The numbers of the rows that meet a contact which a row before them has met."""
    seen = set(earlier([contact for contact in met if contact])) if earlier else set()
    repeated: set[int] = set()
    for number, contact in enumerate(met):
        if contact and contact in seen:
            repeated.add(number)
        elif contact:
            seen.add(contact)
    return repeated


def holders(organisation_id: int, kind: str, cells: Sequence[str]) -> Sequence[str]:
    """For each of these identities of one kind the id of the contact that has it, empty where nobody does.

    Scalar subqueries: an index look-up a row, whatever the planner thinks of a table that has just grown. One text
    comes back: ten thousand rows of a result take Python three times as long to read.
    """
    if all(cell == NULL for cell in cells):
        return [""] * len(cells)
    keys = "\n".join(cells)
    if "\\" in keys:
        keys = "\n".join([cell if cell == NULL else text_of(cell) for cell in cells])
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"organisation_id": organisation_id, "keys": keys}
        cursor.execute(sql.HOLDERS[kind], parameters)
        return str(cursor.fetchone()[0]).split(",")


def conflict(held: dict[str, str]) -> str:
    """Which identity is whose, for `problems.in_words`."""
    return " ".join(f"{kind}:{contact}" for kind, contact in held.items() if contact)
