"""The snapshot of an audience: who of the segment passed the gate, as a roaring bitmap, and why the others did not."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from consent.audiences.models import Audience
from consent.gate import gate_sql
from subscribers.segments.compiling import compile_rule

WINDOW = 2_000_000  # contact ids read by one statement: progress, and a bound on the memory of the aggregate
INLINE_CONTACTS = 1_000_000  # up to so many contacts of the organisation a snapshot takes about a second

# Segment and gate in one pass. The ids come as one byte string of big-endian numbers: a row for each would cost
# ten times as much. Read through `contacts_newest_first` or the keys, as the segment's condition allows.
SNAPSHOT = """
SELECT reason, count(*), string_agg(int8send(id), ''::bytea) FILTER (WHERE reason IS NULL)
FROM (
    SELECT c.id, {reason} AS reason
    FROM subscribers_contact c {joins}
    WHERE c.organisation_id = (SELECT %(organisation)s::bigint) AND ({segment}){seeds}{window}
) gated
GROUP BY reason
"""
BOUNDS = "SELECT min(id), max(id) FROM subscribers_contact WHERE organisation_id = %s"
AT_LEAST = "SELECT count(*) FROM (SELECT FROM subscribers_contact WHERE organisation_id = %s LIMIT %s) counted"


@dataclass
class Snapshot:
    """Allowed contact ids, and how many were left out for which reason."""

    ids: BitMap64 = field(default_factory=BitMap64)
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, Any]:
        """``{"segment": n, "allowed": n, "excluded": {reason: n}}``; segment is always the sum of the others."""
        allowed = len(self.ids)
        excluded = dict(sorted(self.excluded.items(), key=lambda pair: (-pair[1], pair[0])))
        return {"segment": allowed + self.excluded.total(), "allowed": allowed, "excluded": excluded}

    def add(self, reason: str | None, count: int, packed: bytes | memoryview | None) -> None:
        if reason is not None:
            self.excluded[reason] += count
        elif packed is not None:
            self.ids |= BitMap64(unpacked_ids(bytes(packed)))


def unpacked_ids(packed: bytes) -> array[int]:
    """Numbers of 8 bytes, most significant first, as PostgreSQL sends them."""
    ids = array("Q")
    ids.frombytes(packed)
    ids.byteswap()
    return ids


def read_snapshot(audience: Audience, *, now: datetime, progress: Callable[[int, int], None] | None = None) -> Snapshot:
    """Pass the audience's rule through the gate; reads only, and raises ``invalid_rule`` as the segment does.

    A test audience looks at seed contacts alone, so its counts speak of them alone. ``progress`` is told the ids
    passed and those expected after each window.
    """
    segment = compile_rule(audience.rule, organisation=audience.organisation, now=now)
    gate = gate_sql(audience.purpose, audience.channel, now=now)
    params = {**segment.params, **gate.params, "organisation": audience.organisation_id}
    found = Snapshot()
    with connection.cursor() as cursor:
        low, high = bounds(audience.organisation_id)
        for after, upto in windows(low, high):
            whole = (after, upto) == (low - 1, high)
            statement = SNAPSHOT.format(
                reason=gate.reason,
                joins=gate.joins,
                segment=segment.condition,
                seeds=" AND c.seed" if audience.test else "",
                window="" if whole else " AND c.id > %(after)s AND c.id <= %(upto)s",
            )
            cursor.execute(statement, params if whole else {**params, "after": after, "upto": upto})
            for reason, count, packed in cursor.fetchall():
                found.add(reason, count, packed)
            if progress is not None:
                progress(upto - low + 1, high - low + 1)
    found.ids.run_optimize()
    return found


def bounds(organisation_id: int) -> tuple[int, int]:
    """The lowest and highest contact id of an organisation; an empty range when it has none."""
    with connection.cursor() as cursor:
        cursor.execute(BOUNDS, [organisation_id])
        low, high = cursor.fetchone()
    return (low, high) if low is not None else (1, 0)


def windows(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges (after, upto] from ``low`` to ``high``."""
    for after in range(low - 1, high, WINDOW):
        yield after, min(after + WINDOW, high)


def fits_in_a_request(organisation_id: int) -> bool:
    """Is the organisation small enough for a snapshot while somebody waits?"""
    with connection.cursor() as cursor:
        cursor.execute(AT_LEAST, [organisation_id, INLINE_CONTACTS + 1])
        (count,) = cursor.fetchone()
    return count <= INLINE_CONTACTS


def stored(snapshot: Snapshot) -> bytes:
    """The bytes for ``Audience.snapshot``."""
    return bytes(snapshot.ids.serialize())


def loaded(audience: Audience) -> BitMap64:
    """The ids in the order of their numbers; raises ``TypeError`` before the snapshot is taken."""
    if audience.snapshot is None:
        raise TypeError("This audience has no snapshot yet.")
    return BitMap64.deserialize(bytes(audience.snapshot))
