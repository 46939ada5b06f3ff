"""The sealer: takes every row whose transaction has ended for certain, and signs trees of them.

A pass reads on a connection of its own and writes seal by seal, each in a short transaction. It may be killed at any
point: what it had written is written, and the next pass finds by the blocks which rows of its window they name.
"""

from __future__ import annotations

import hashlib
import uuid
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone
from pyroaring import BitMap64

from portal.crypto import signing
from portal.crypto.errors import TamperedError, UnknownKeyError
from portal.organisations.models import Organisation
from portal.seals import merkle, sql
from portal.seals.canonical import text_inside
from portal.seals.models import Seal, SealingState
from portal.seals.streams import Documents, Stream, streams

log = structlog.get_logger(__name__)

BLOCK_ROWS = 1024  # a power of two: whole blocks are subtrees
SEAL_ROWS = 64 * BLOCK_ROWS


class SealerStoppedError(Exception):
    """Another sealer has taken the lease: stop, and write nothing."""


@dataclass
class Batch:
    """Rows of one organisation on their way into one seal, in sealed order."""

    organisation: int | None
    ids: array[int] = field(default_factory=lambda: array("q"))
    transactions: array[int] = field(default_factory=lambda: array("q"))
    leaves: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the newest seal of an organisation, or none yet."""

    number: int = 0
    hash: bytes | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Which transactions a pass looks at; ``restored``: all that this cluster has ended or has never begun."""

    low: int
    xmin: int
    xmax: int
    system: str
    epoch: int
    restored: bool


@dataclass
class Sealed:
    """What a pass did; ``unsigned``: organisations whose keys do not open, so that their rows still wait."""

    rows: int = 0
    seals: int = 0
    unsigned: set[int | None] = field(default_factory=set)


def seal_everything() -> dict[str, Sealed | None]:
    """A pass over every stream; None for one that another sealer is at."""
    return {stream.name: seal_stream(stream) for stream in streams()}


def seal_stream(stream: Stream) -> Sealed | None:
    """Seal what has been written since the last pass, of all organisations; None when another sealer is at it."""
    with reading() as cursor:
        cursor.execute(sql.LOCK, {"stream": stream.name})
        if not cursor.fetchone()[0]:
            return None
        state = lease(stream)
        cursor.execute(sql.READING)
        # Tables that have just grown have no statistics: an index made for this must not lose to a guess.
        cursor.execute("SET LOCAL enable_seqscan = off")
        window = window_of(cursor, state)
        done = seal_window(cursor, stream, window, state.lease)
        if not done.unsigned:  # else the next pass looks at the same rows, and passes over what is sealed by now
            end_pass(stream, window, state.lease)
    return done


@contextmanager
def reading() -> Iterator[Any]:
    """A cursor in a transaction on another connection, so that what is written meanwhile is committed at once."""
    other: Any = connection.copy()
    try:
        with transaction_of(other), other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


@contextmanager
def transaction_of(other: Any) -> Iterator[None]:
    other.ensure_connection()
    other.set_autocommit(False)
    try:
        yield
    finally:
        if other.connection is not None and not other.connection.closed:
            other.rollback()  # it only read
            other.set_autocommit(True)


def lease(stream: Stream) -> SealingState:
    """Become the one sealer that may write."""
    mine = uuid.uuid4()
    state, _created = SealingState.objects.update_or_create(stream=stream.name, defaults={"lease": mine})
    return state


def window_of(cursor: Any, state: SealingState) -> Window:
    """Where to look for new rows.

    In another cluster, or in one that counts from lower numbers than the horizon, the database has been restored from a
    dump: then the numbers say nothing about what is sealed, and a pass of its own goes by the ids.
    """
    cursor.execute(sql.SNAPSHOT)
    xmin, xmax, system = cursor.fetchone()
    restored = bool(state.system) and (state.system != system or xmax < state.horizon)
    return Window(state.horizon, xmin, xmax, system, state.epoch + restored, restored)


def end_pass(stream: Stream, window: Window, mine: uuid.UUID | None) -> None:
    """Write how far the stream is sealed. What is written after a restore belongs to an epoch after the pass's own."""
    SealingState.objects.filter(stream=stream.name, lease=mine).update(
        horizon=window.xmin,
        epoch=window.epoch + window.restored,
        system=window.system,
        passed_at=timezone.now(),
    )


def seal_window(cursor: Any, stream: Stream, window: Window, mine: uuid.UUID | None) -> Sealed:
    """Read the rows of a window and seal those that no block names yet; memory is bounded by one seal."""
    sealed = sealed_ids(cursor, stream, window)
    names = organisation_names()
    documents = stream.open(cursor, {pk: text_inside(slug) for pk, slug in names.items()}, {})
    writer = Writer(stream, window.epoch, names, mine)
    statement = sql.new_rows(stream, restored=window.restored)
    limits = {"low": window.low, "high": window.xmin, "xmin": window.xmin, "xmax": window.xmax}
    with cursor.copy(statement, limits) as copy:
        for batch in batches(copy, documents, sealed):
            writer.write_if_it_can(batch)
    return writer.done


def sealed_ids(cursor: Any, stream: Stream, window: Window) -> BitMap64:
    statement = sql.SEALED_EVER if window.restored else sql.SEALED_IN
    found = BitMap64()
    with cursor.copy(
        statement, {"stream": stream.name, "low": window.low, "high": max(window.xmin, window.low)}
    ) as copy:
        for block in copy:
            found.update(map(int, bytes(block).split(b",")))
    return found


def organisation_names() -> dict[int, str]:
    return dict(Organisation.objects.values_list("pk", "slug"))


def batches(rows: Iterable[Any], documents: Documents, sealed: BitMap64) -> Iterator[Batch]:
    """Rows sorted by organisation, as batches of one organisation and at most one seal."""
    sha256, known = hashlib.sha256, sealed if sealed else ()
    batch, owner = Batch(None), b"no row has read this"
    ids, transactions, leaves = batch.ids, batch.transactions, batch.leaves
    for row in rows:
        organisation, number, row_name, columns = bytes(row)[:-1].split(b"\t", 3)
        row_id = int(row_name)
        if known and row_id in known:
            continue
        if organisation != owner or len(leaves) >= SEAL_ROWS:
            if leaves:
                yield batch
            owner = organisation
            batch = Batch(int(owner) if owner else None)
            ids, transactions, leaves = batch.ids, batch.transactions, batch.leaves
        ids.append(row_id)
        transactions.append(int(number))
        leaves.append(sha256(b"\x00" + documents(row_name, columns)).digest())
    if leaves:
        yield batch


class Writer:
    """Signs batches and appends them to the chains of their organisations."""

    def __init__(self, stream: Stream, epoch: int, names: dict[int, str], mine: uuid.UUID | None) -> None:
        self._stream, self._epoch, self._names, self._mine = stream, epoch, names, mine
        self._heads: dict[int | None, Head] = {}
        self.done = Sealed()

    def write_if_it_can(self, batch: Batch) -> None:
        """An organisation whose keys do not open must not keep those of others from being sealed."""
        if batch.organisation in self.done.unsigned:
            return
        try:
            self.write(batch)
        except (TamperedError, UnknownKeyError):
            log.exception("not_sealed", stream=self._stream.name, organisation_id=batch.organisation)
            self.done.unsigned.add(batch.organisation)

    def write(self, batch: Batch) -> None:
        """Compute first; then one short transaction."""
        roots = block_roots(batch.leaves)
        seal = self._signed(batch, merkle.root_of(roots), self._head(batch.organisation))
        self._keep(seal, batch, roots)
        self._heads[batch.organisation] = Head(seal.number, bytes(seal.hash), seal.total)
        self.done.rows += seal.count
        self.done.seals += 1
        # Heads leave the database with the log: whoever rewrites all of it can't rewrite that.
        log.info(
            "sealed",
            stream=seal.stream,
            organisation=seal.slug,
            number=seal.number,
            hash=seal.hash_text,
            count=seal.count,
        )

    def _signed(self, batch: Batch, root: bytes, head: Head) -> Seal:
        """The seal that follows ``head``, not yet stored; what it signs is read from the row itself."""
        signer = signing.signer(batch.organisation)
        seal = Seal(
            stream=self._stream.name,
            organisation_id=batch.organisation,
            slug=self._names.get(batch.organisation, "") if batch.organisation else "",
            number=head.number + 1,
            first=batch.ids[0],
            last=batch.ids[-1],
            count=len(batch.ids),
            total=head.total + len(batch.ids),
            root=root,
            previous=head.hash,
            signed_at=timezone.now(),
            key_id=signer.public_key.key_id,
            epoch=self._epoch,
        )
        seal.hash = seal.facts.hash()
        seal.signature = signer.sign(seal.hash).signature
        return seal

    def _head(self, organisation: int | None) -> Head:
        known = self._heads.get(organisation)
        if known is None:
            found = newest_seal(self._stream.name, organisation)
            known = Head(found.number, bytes(found.hash), found.total) if found else Head()
        return known

    @transaction.atomic
    def _keep(self, seal: Seal, batch: Batch, roots: list[bytes]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.HOLD_LEASE, {"stream": self._stream.name, "lease": self._mine})
            if not cursor.rowcount:
                raise SealerStoppedError
            seal.save(force_insert=True)
            with connection.wrap_database_errors, cursor.copy(sql.BLOCKS) as copy:
                for number, root in enumerate(roots):
                    copy.write_row(block_row(seal, batch, number, root))


def newest_seal(stream: str, organisation: int | None) -> Seal | None:
    """The head of a chain. Index: one_seal_a_number."""
    owner: dict[str, Any] = {"organisation_id": organisation} if organisation else {"organisation__isnull": True}
    return Seal.objects.filter(stream=stream, **owner).order_by("-number").first()


def block_roots(leaves: list[bytes]) -> list[bytes]:
    return [merkle.root_of(leaves[start : start + BLOCK_ROWS]) for start in range(0, len(leaves), BLOCK_ROWS)]


def block_row(seal: Seal, batch: Batch, number: int, root: bytes) -> tuple[Any, ...]:
    start = number * BLOCK_ROWS
    some = slice(start, start + BLOCK_ROWS)
    ids, transactions = batch.ids[some], batch.transactions[some]
    return (
        seal.pk,
        number,
        seal.stream,
        seal.organisation_id,
        seal.epoch,
        transactions[0],
        ids[0],
        transactions[-1],
        root,
        list(ids),
        b"".join(batch.leaves[some]),
    )
