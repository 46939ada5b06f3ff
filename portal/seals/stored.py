"""What is stored of seals, and the rows they name as they are now, for the verifier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.seals import merkle, sql
from portal.seals.models import Seal, SealBlock
from portal.seals.streams import Documents, Stream

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it is stored."""

    number: int
    ids: Sequence[int]
    leaves: Sequence[bytes]
    root: bytes
    whole: bool
    """Leaves as many as ids, and together they are its root."""
    span: tuple[int, int]
    """The transactions of its first and its last row when it was sealed."""


def read_block(row: SealBlock) -> Block:
    text = bytes(row.leaves)
    leaves = [text[start : start + HASH_BYTES] for start in range(0, len(text), HASH_BYTES)]
    root = bytes(row.root)
    whole = len(leaves) == len(row.ids) and merkle.root_of(leaves) == root
    return Block(row.number, row.ids, leaves, root, whole, (row.first_transaction, row.last_transaction))


@dataclass
class CurrentRows:
    """Rows as they are now: ids, transactions and leaves side by side; those that are gone are left out."""

    ids: list[int] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)

    def part(self, start: int, end: int) -> CurrentRows:
        return CurrentRows(self.ids[start:end], self.transactions[start:end], self.leaves[start:end])

    def at(self, places: Sequence[int]) -> CurrentRows:
        """The rows at these places, in this order."""
        return CurrentRows(
            [self.ids[place] for place in places],
            [self.transactions[place] for place in places],
            [self.leaves[place] for place in places],
        )


def current_rows(rows: Iterable[Any], organisation: int | None, documents: Documents) -> CurrentRows:
    sha256 = hashlib.sha256
    owner = b"%d" % organisation if organisation else b""
    found = CurrentRows()
    ids, transactions, leaves = found.ids, found.transactions, found.leaves
    for row in rows:
        holder, number, row_name, columns = bytes(row)[:-1].split(b"\t", 3)
        if not number:
            continue
        ids.append(int(row_name))
        transactions.append(int(number))
        leaves.append(sha256(b"\x00" + documents(row_name, columns)).digest() if holder == owner else b"elsewhere")
    return found


class GroupRows:
    """The blocks of some seals, and the rows these name as they are now; read with two statements."""

    def __init__(self, cursor: Any, stream: Stream, group: Sequence[Seal], documents: Documents) -> None:
        seal_ids = [seal.pk for seal in group]
        self._blocks: dict[int, list[Block]] = {seal_id: [] for seal_id in seal_ids}
        for row in SealBlock.objects.filter(seal__in=seal_ids).order_by("seal_id", "number"):
            self._blocks[row.seal_id].append(read_block(row))
        with cursor.copy(sql.sealed_rows(stream), {"seals": seal_ids}) as copy:
            self._found = current_rows(copy, group[0].organisation_id, documents)
        self._start = 0
        self._places: dict[int, int] | None = None

    def blocks(self, seal: Seal) -> list[Block]:
        return self._blocks[seal.pk]

    def rows(self, ids: Sequence[int]) -> CurrentRows:
        """The rows of the next seal in its order, those that are gone left out.

        They nearly always lie as they come; but the database may give them otherwise.
        """
        if self._places is None:
            part = self._found.part(self._start, self._start + len(ids))
            self._start += len(ids)
            if part.ids == ids:
                return part
            self._places = {row_id: place for place, row_id in enumerate(self._found.ids)}
        return self._found.at([self._places[row_id] for row_id in ids if row_id in self._places])
