"""The verifier: recomputes every leaf, root, hash and signature of a chain, and names the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils import timezone
from pyroaring import BitMap64

from portal.crypto import signing
from portal.crypto.errors import TamperedError, UnknownKeyError
from portal.organisations.models import Organisation
from portal.seals import merkle, sql
from portal.seals.canonical import text_inside
from portal.seals.models import Seal, SealingState, Verification
from portal.seals.sealing import BLOCK_ROWS, SEAL_ROWS, organisation_names, reading, window_of
from portal.seals.stored import Block, CurrentRows, GroupRows
from portal.seals.streams import Named, Orphan, Stream

NAMED = 10  # rows that a finding names; there may be millions
SEALS_READ = 1000  # together, at most


@dataclass(frozen=True)
class Problem:
    """What is wrong with a chain: a stable code, the seal, and the rows it is about."""

    code: str
    seal: int = 0
    rows: tuple[int, ...] = ()
    note: str = ""

    @property
    def details(self) -> dict[str, Any]:
        return {"seal": self.seal, "rows": [str(row) for row in self.rows], "note": self.note}

    def __str__(self) -> str:
        about = [f"seal {self.seal}"] if self.seal else []
        about += [", ".join(f"row {row}" for row in self.rows)] if self.rows else []
        about += [self.note] if self.note else []
        return f"{self.code}: {'; '.join(about)}"


Place = tuple[int, int, int]
"""Where a row stands in sealed order: epoch, transaction, id."""


@dataclass
class Findings:
    """What the verification of one chain has seen so far."""

    rows: int = 0
    seals: int = 0
    head: Seal | None = None
    problem: Problem | None = None
    ids: BitMap64 = field(default_factory=BitMap64)
    place: Place | None = None
    named: Named = field(default_factory=dict)


Progress = Callable[[Findings], None]
"""Told after every lot of seals; what it raises ends the verification, which can be resumed."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A verification that was interrupted: the last seal it had found right, when it began, what the rows up to there
    name elsewhere.
    """

    number: int
    started_at: datetime
    named: Named = field(default_factory=dict)


class BrokenError(Exception):
    """The first thing that is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def verify_chain(
    stream: Stream,
    organisation: Organisation | None,
    *,
    now: Callable[[], datetime] = timezone.now,
    progress: Progress | None = None,
    interrupted: Interrupted | None = None,
) -> Verification:
    """Verify everything sealed of one organisation (None: the host's) and keep what was found."""
    started = interrupted.started_at if interrupted else now()
    findings = Findings()
    organisation_id = organisation.pk if organisation else None
    try:
        if interrupted:
            findings.named.update(interrupted.named)
            take_up(stream, organisation_id, interrupted.number, findings)
        check_chain(stream, organisation_id, findings, progress or (lambda _findings: None))
    except BrokenError as error:
        findings.problem = error.problem
    return keep(stream, organisation, findings, started, now())


def keep(
    stream: Stream, organisation: Organisation | None, findings: Findings, started: datetime, ended: datetime
) -> Verification:
    problem, head = findings.problem, findings.head
    return Verification.objects.create(
        stream=stream.name,
        organisation=organisation,
        started_at=started,
        ended_at=ended,
        rows=findings.rows,
        seals=findings.seals,
        head_number=head.number if head else 0,
        head_hash=head.hash if head else None,
        ok=problem is None,
        code=problem.code if problem else "",
        details=problem.details if problem else {},
    )


def check_chain(stream: Stream, organisation: int | None, findings: Findings, progress: Progress) -> None:
    """Raise BrokenError at the first thing that is wrong; no more rows are in memory than a large seal has."""
    # The horizon first: what is written later may be sealed while we look, but all below it is sealed already.
    state = SealingState.objects.filter(pk=stream.name).first()
    names = {pk: text_inside(slug) for pk, slug in organisation_names().items()}
    keys = keys_of(organisation)
    with reading() as cursor:
        cursor.execute(sql.READING)
        cursor.execute(sql.LOOK_UP)
        after = findings.head.number if findings.head else 0
        for group in groups(seals_of(stream, organisation, after=after)):
            signed = {**names, organisation: text_inside(group[0].slug)} if organisation else names
            documents = stream.open(cursor, signed, findings.named)
            check_group(group, GroupRows(cursor, stream, group, documents), keys, findings)
            progress(findings)
        check_earlier_heads(stream, organisation)
        if state is not None:
            check_nothing_slipped_in(cursor, stream, organisation, state, findings)
    check_orphans(stream, organisation, findings)


def keys_of(organisation: int | None) -> dict[str, signing.PublicKey]:
    try:
        return signing.public_keys(organisation)
    except (TamperedError, UnknownKeyError) as error:
        raise BrokenError(Problem("key_unknown", note="the organisation's keys do not open")) from error


def owned(organisation: int | None) -> Q:
    return Q(organisation_id=organisation) if organisation else Q(organisation__isnull=True)


def take_up(stream: Stream, organisation: int | None, number: int, findings: Findings) -> None:
    """Go on after this seal, with the ids that were found up to it."""
    head = Seal.objects.filter(owned(organisation), stream=stream.name, number=number).first()
    if head is None:
        raise BrokenError(Problem("truncated", number, note="it was verified before"))
    findings.head, findings.rows, findings.seals = head, head.total, head.number
    with reading() as cursor:
        parameters = {"organisation": organisation, "stream": stream.name, "number": number}
        with cursor.copy(sql.SEALED_UP_TO, parameters) as copy:
            for block in copy:
                findings.ids.update(map(int, bytes(block).split(b",")))


def seals_of(stream: Stream, organisation: int | None, *, after: int) -> Iterator[Seal]:
    """All seals beyond this number, a thousand at a time. Index: one_seal_a_number."""
    after = after or -1  # a number that no chain begins with is found, too
    while True:
        some = list(
            Seal.objects.filter(owned(organisation), stream=stream.name, number__gt=after).order_by("number")[:1000]
        )
        if not some:
            return
        yield from some
        after = some[-1].number


def groups(seals: Iterable[Seal]) -> Iterator[list[Seal]]:
    """Seals one after the other that are read together: a chain that grows by an event a minute has very many."""
    group: list[Seal] = []
    rows = 0
    for seal in seals:
        if group and (rows + seal.count > SEAL_ROWS or len(group) >= SEALS_READ or seal.slug != group[0].slug):
            yield group
            group, rows = [], 0
        group.append(seal)
        rows += seal.count
    if group:
        yield group


def check_group(group: Sequence[Seal], rows: GroupRows, keys: dict[str, signing.PublicKey], findings: Findings) -> None:
    """Each seal by itself, in the order of the chain: the first that fails is named."""
    for seal in group:
        check_link(seal, findings.head)
        check_signature(seal, keys)
        check_rows(seal, rows, findings)
        findings.seals += 1
        findings.rows += seal.count
        findings.head = seal


def check_link(seal: Seal, previous: Seal | None) -> None:
    """Numbers without a gap, each naming the hash before, and what was signed still says the same."""
    expected = previous.number + 1 if previous else 1
    if seal.number != expected:
        raise BrokenError(Problem("seal_missing", expected))
    if seal.facts.hash() != bytes(seal.hash):
        raise BrokenError(Problem("seal_changed", seal.number))
    before = bytes(previous.hash) if previous else None
    if (bytes(seal.previous) if seal.previous is not None else None) != before:
        raise BrokenError(Problem("chain_broken", seal.number))
    if seal.total != seal.count + (previous.total if previous else 0):
        raise BrokenError(Problem("seal_changed", seal.number, note="total"))


def check_signature(seal: Seal, keys: dict[str, signing.PublicKey]) -> None:
    key = keys.get(seal.key_id)
    if key is None or signing.public_key_id(key.public_key) != seal.key_id:
        raise BrokenError(Problem("key_unknown", seal.number, note=seal.key_id))
    if not signing.signature_is_valid(key.public_key, bytes(seal.hash), bytes(seal.signature)):
        raise BrokenError(Problem("signature_invalid", seal.number))


def check_rows(seal: Seal, rows: GroupRows, findings: Findings) -> None:
    """The seal's rows, as they are now, are those it signed."""
    blocks = rows.blocks(seal)
    check_blocks(seal, blocks)
    ids = [row_id for block in blocks for row_id in block.ids]
    leaves = [leaf for block in blocks for leaf in block.leaves]
    found = rows.rows(ids)
    if found.ids != ids or found.leaves != leaves:
        check_presence(seal, ids, found)
        check_leaves(seal, leaves, found)
    check_order(seal, found, blocks, findings)
    if findings.ids.intersect(BitMap64(ids)):
        raise BrokenError(Problem("sealed_twice", seal.number))
    findings.ids.update(ids)


def check_blocks(seal: Seal, blocks: Sequence[Block]) -> None:
    """The stored leaves lead to the root that was signed; else name the block that does not."""
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        if block.number != number or not (block.whole and (last or len(block.ids) == BLOCK_ROWS)):
            raise BrokenError(Problem("block_changed", seal.number, note=f"block {number}"))
    if not blocks or sum(len(block.ids) for block in blocks) != seal.count:
        raise BrokenError(Problem("block_missing", seal.number))
    if merkle.root_of([block.root for block in blocks]) != bytes(seal.root):
        raise BrokenError(Problem("block_changed", seal.number))
    if (blocks[0].ids[0], blocks[-1].ids[-1]) != (seal.first, seal.last):
        raise BrokenError(Problem("block_changed", seal.number, note="ids"))


def check_presence(seal: Seal, ids: Sequence[int], found: CurrentRows) -> None:
    present = set(found.ids)
    missing = [row_id for row_id in ids if row_id not in present]
    if missing:
        raise BrokenError(Problem("row_deleted", seal.number, tuple(missing[:NAMED])))
    if len(found.ids) != len(present):
        raise BrokenError(Problem("sealed_twice", seal.number))


def check_leaves(seal: Seal, leaves: Sequence[bytes], found: CurrentRows) -> None:
    changed = [row_id for row_id, now, then in zip(found.ids, found.leaves, leaves, strict=True) if now != then]
    if changed:
        raise BrokenError(Problem("row_changed", seal.number, tuple(changed[:NAMED])))


def check_order(seal: Seal, found: CurrentRows, blocks: Sequence[Block], findings: Findings) -> None:
    """Sealed order is that of transactions and ids, from seal to seal: a row that was put elsewhere stands out."""
    places = [(seal.epoch, *place) for place in zip(found.transactions, found.ids, strict=True)]
    before = [findings.place] if findings.place else []
    if [*before, *places] != sorted([*before, *places]):
        moved = [after[2] for earlier, after in pairwise([*before, *places]) if earlier >= after]
        raise BrokenError(Problem("row_moved", seal.number, tuple(moved[:NAMED])))
    check_spans(seal, found, blocks)
    findings.place = places[-1]


def check_spans(seal: Seal, found: CurrentRows, blocks: Sequence[Block]) -> None:
    """Where nothing lies on the other side to compare with, the first and last row of a block are where they were."""
    start = 0
    for block in blocks:
        end = start + len(block.ids)
        for place, transaction in zip((start, end - 1), block.span, strict=True):
            if found.transactions[place] != transaction:
                raise BrokenError(Problem("row_moved", seal.number, (found.ids[place],)))
        start = end


def check_earlier_heads(stream: Stream, organisation: int | None) -> None:
    """Every head that was verified once is still in the chain: the newest seals can't be cut off unseen."""
    seen = (
        Verification.objects.filter(owned(organisation), stream=stream.name, head_hash__isnull=False)
        .order_by("-head_number", "-id")
        .values_list("head_number", "head_hash")
        .first()
    )
    if seen is None:
        return
    number, digest = seen
    seal = Seal.objects.filter(owned(organisation), stream=stream.name, number=number).first()
    if seal is None:
        raise BrokenError(Problem("truncated", number, note="it was verified before"))
    if bytes(seal.hash) != bytes(digest or b""):
        raise BrokenError(Problem("seal_replaced", number, note="another one was verified before"))


def check_nothing_slipped_in(
    cursor: Any, stream: Stream, organisation: int | None, state: SealingState, findings: Findings
) -> None:
    """Every row older than the horizon is named by a seal, and none is of a transaction that is still to come."""
    due = BitMap64()
    limits = {"organisation": organisation, "horizon": state.horizon, "restored": window_of(cursor, state).restored}
    cursor.execute(sql.READ_WHOLE)
    with cursor.copy(sql.due_rows(stream), limits) as copy:
        due.update(int(bytes(row)) for row in copy)
    inserted = due - findings.ids
    if inserted:
        raise BrokenError(Problem("row_inserted", rows=tuple(inserted[:NAMED])))


def check_orphans(stream: Stream, organisation: int | None, findings: Findings) -> None:
    found = stream.orphans(organisation, findings.named) if stream.orphans else []
    if found:
        raise BrokenError(Problem(found[0].code, note=orphans_note(found)))


def orphans_note(found: Sequence[Orphan]) -> str:
    """Those of the first kind by name, then the other kinds, each behind its code."""
    by_code: dict[str, list[str]] = {}
    for orphan in found:
        by_code.setdefault(orphan.code, []).append(orphan.id)
    first, *others = ((code, ", ".join(ids[:NAMED])) for code, ids in by_code.items())
    return "; ".join([first[1], *(f"{code}: {ids}" for code, ids in others)])
