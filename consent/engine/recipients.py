"""The hand-off: an approved snapshot, passed through the gate again, as lines of JSON.

PostgreSQL decides and writes most of each line (``COPY``, slice by slice); this module adds what hangs on the
contact's token. A connection is held for the time of a slice only: nothing in the database waits for the engine's
network. See ``docs/build/engine.md``.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import errors, pq
from pyroaring import BitMap64

from consent.audiences.models import Audience
from consent.audiences.snapshots import loaded
from consent.engine import actions
from consent.engine.sql import SEPARATOR, slice_statement
from consent.gate import NOT_FOUND, GateSQL, gate_sql
from consent.links import token_maker
from consent.purposes.queries import tracking_purpose
from portal.organisations.actors import Actor

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

SLICE = 25_000
CHUNK = 256 * 1024
JSON_LINE = ord("{")


@dataclass
class Slice:
    """What one statement gave: the lines, ready to send, and the counts."""

    chunks: list[bytes] = field(default_factory=list)
    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: list[int] = field(default_factory=list)


@dataclass
class HandOff:
    """One stream of recipients, from ``cursor`` (the last contact id received, 0 for the start) on.

    ``limit`` bounds the recipients sent. Iterating reads, so it must happen in the organisation's scope.
    """

    audience: Audience
    actor: Actor
    cursor: int = 0
    limit: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of NDJSON; the last line says that it is the last one."""
        ids = loaded(self.audience)
        position = ids.rank(self.cursor)
        counted = self.audience.handed_off.get("upto", 0)
        sent, skipped = 0, Counter[str]()
        while position < len(ids) and (self.limit is None or sent < self.limit):
            upto = self._end_of_slice(ids, position, counted, sent)
            wanted = ids[position:upto].to_array()
            found = self.read_slice(list(wanted))
            if wanted[-1] > counted:
                actions.note_hand_off(
                    audience=self.audience,
                    upto=wanted[-1],
                    sent=found.sent,
                    skipped=dict(found.skipped),
                    left_out=found.left_out,
                )
            yield from found.chunks
            sent += found.sent
            skipped += found.skipped
            position = upto
            last = wanted[-1]
        complete = position >= len(ids)
        if complete:
            actions.finish_hand_off(actor=self.actor, audience=self.audience)
        yield end_line(sent, skipped, None if complete else last)

    def _end_of_slice(self, ids: BitMap64, position: int, counted: int, sent: int) -> int:
        """Where the slice that starts here stops: at the limit, and where earlier counting stopped."""
        size = SLICE if self.limit is None else min(SLICE, self.limit - sent)
        before = ids.rank(counted)
        upto = min(position + size, len(ids))
        return before if position < before < upto else upto

    def read_slice(self, ids: list[int]) -> Slice:
        """The lines of these contacts as the gate sees them now (W-08); who is gone counts as ``not_found``."""
        now = timezone.now()
        gate = gate_sql(self.audience.purpose, self.audience.channel, now=now)
        tracking = self.tracking_gate(now)
        bounds = {"ids": ids, "first": ids[0], "last": ids[-1]}
        params = {**gate.params, "organisation": self.audience.organisation_id, **bounds}
        params |= tracking.params if tracking else {}
        finish = line_finisher(self.audience)
        found = Slice()
        with copied(slice_statement(self.audience, gate, tracking), params) as next_row:
            read_lines(next_row, finish, found)
        missing = len(ids) - found.sent - found.skipped.total()
        if missing:
            found.skipped[NOT_FOUND] += missing
        return found

    def tracking_gate(self, now: datetime) -> GateSQL | None:
        """Who may be tracked, of those who are written to; None where nobody can be."""
        purpose = tracking_purpose(self.audience.organisation_id, self.audience.channel)
        if purpose is None:
            return None
        return gate_sql(purpose, self.audience.channel, now=now).beside_another("t", "tracking_")


NextRow = Callable[[int], "tuple[int, memoryview]"]


def read_lines(next_row: NextRow, finish: Callable[[int], bytes], found: Slice) -> None:
    """Sort rows into lines and reasons. This loop is what a hand-off's speed hangs on: no call too many."""
    pieces: list[bytes] = []
    append = pieces.append
    size = sent = 0
    while True:
        length, row = next_row(0)
        if length <= 0:
            break
        contact, _separator, rest = bytes(row).partition(SEPARATOR)
        if rest[0] != JSON_LINE:
            found.skipped[rest[:-1].decode() or NOT_FOUND] += 1
            found.left_out.append(int(contact))
            continue
        append(rest[:-1])
        append(finish(int(contact)))
        sent += 1
        size += length
        if size > CHUNK // 2:  # the second half of a line is about as long as the first
            found.chunks.append(b"".join(pieces))
            pieces.clear()
            size = 0
    if pieces:
        found.chunks.append(b"".join(pieces))
    found.sent = sent


def line_finisher(audience: Audience) -> Callable[[int], bytes]:
    """A function contact id -> the rest of its line: links and headers with the contact's token in them.

    ``List-Unsubscribe`` holds the one https address that RFC 8058 asks for; ``Feedback-ID`` names audience, purpose
    and organisation, so that Postmaster Tools can tell them apart.
    """
    token = token_maker(audience.organisation_id, audience.purpose_id, audience.channel)
    base = settings.ACCORD.base_url
    feedback = f"{audience.pk}:{audience.purpose.key}:{audience.organisation.slug}:accord"
    parts = (
        f'"unsubscribe_url":"{base}/u/',
        f'","preferences_url":"{base}/p/',
        f'","why_url":"{base}/w/',
        f'","headers":{{"List-Unsubscribe":"<{base}/u/',
        f'>","List-Unsubscribe-Post":"List-Unsubscribe=One-Click","Feedback-ID":"{feedback}"}}}}\n',
    )

    def finish(contact_id: int) -> bytes:
        return token(contact_id).join(parts).encode()

    return finish


@contextmanager
def copied(statement: str, params: dict[str, object]) -> Iterator[NextRow]:
    """Run a COPY TO on a connection of its own and give libpq's function for the next row.

    psycopg's own iteration costs more for each row than PostgreSQL does; this is the same data without it. A
    connection of the pool, since a response may be iterated in another thread than the one that made it.
    """
    with hand_off_connection() as raw:
        link = raw.pgconn
        link.send_query(psycopg.ClientCursor(raw).mogrify(statement, params).encode())
        begun = link.get_result()
        if begun is None or begun.status != pq.ExecStatus.COPY_OUT:
            raise failure(link, begun)
        yield link.get_copy_data
        for result in iter(link.get_result, None):
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise failure(link, result)


def failure(link: pq.abc.PGconn, result: pq.abc.PGresult | None) -> Exception:
    while link.get_result() is not None:
        pass
    return errors.error_from_result(result) if result is not None else psycopg.OperationalError("COPY did not begin")


@contextmanager
def hand_off_connection() -> Iterator[psycopg.Connection]:
    """A pooled connection in autocommit; given back broken, the pool closes it."""
    pool = cast("DatabaseWrapper", connection).pool
    pool.open()
    with pool.connection() as raw:
        if not raw.autocommit:
            raw.autocommit = True
        yield raw


def end_line(sent: int, skipped: Counter[str], cursor: int | None) -> bytes:
    line = {
        "end": True,
        "sent": sent,
        "skipped": dict(sorted(skipped.items())),
        "next_cursor": None if cursor is None else str(cursor),
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def gzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks as one gzip file; level 1, since the line to the engine is fast and we are not."""
    packer = zlib.compressobj(level=1, wbits=31)
    for chunk in chunks:
        packed = packer.compress(chunk)
        if packed:
            yield packed
    yield packer.flush()
