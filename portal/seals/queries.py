"""Reads of seals: which rows are sealed, where one stands in its tree, and how the chain goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.organisations.models import Organisation
from portal.seals import merkle, sql
from portal.seals.models import Seal, SealBlock, SealingState, Verification
from portal.seals.streams import Stream, streams
from portal.ui.numbers import duration, number

LAG = timedelta(minutes=10)
HASH_BYTES = 32


@dataclass(frozen=True)
class SealedPlace:
    """A row in its seal: its leaf, and the path from there to the seal's root."""

    seal: Seal
    leaf: bytes
    path: Sequence[merkle.Step]

    @property
    def leaf_text(self) -> str:
        return self.leaf.hex()

    @property
    def path_texts(self) -> list[dict[str, str]]:
        """The path as the proof file and pages show it."""
        return [{"side": step.side, "hash": step.hash.hex()} for step in self.path]


def of_organisation(organisation_id: int | None) -> Q:
    return Q(organisation_id=organisation_id) if organisation_id else Q(organisation__isnull=True)


def state_of(stream: Stream) -> SealingState | None:
    return SealingState.objects.filter(pk=stream.name).first()


def sealed_among(stream: Stream, organisation_id: int, ids: Sequence[int]) -> set[int]:
    """Which of these rows a seal names, for a whole page in two statements."""
    return {row_id for row_id, _number in located(stream, organisation_id, ids, "b.number")}


def located(stream: Stream, organisation_id: int, ids: Sequence[int], found: str) -> list[tuple[Any, ...]]:
    state = state_of(stream)
    if state is None or not ids:
        return []
    parameters: dict[str, Any] = {
        "organisation": organisation_id,
        "stream": stream.name,
        "epoch": state.epoch,
        "ids": list(ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.sealed_of(stream, found), parameters)
        return list(cursor.fetchall())


def seal_numbers(stream: Stream, organisation_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Row -> the number of its seal; those that wait are left out."""
    rows = located(stream, organisation_id, ids, "(SELECT s.number FROM portal_seal s WHERE s.id = b.seal_id)")
    return dict(rows)


def sealed_place(stream: Stream, organisation_id: int, row_id: int) -> SealedPlace | None:
    """Where a row stands in its seal; None while it waits. Four statements; one block is read, and the roots beside it.

    A seal has at most 64 blocks of 1,024 leaves, so the path has at most 16 steps, however large the ledger is.
    """
    found = located(stream, organisation_id, [row_id], "b.id")
    if not found:
        return None
    block = SealBlock.objects.select_related("seal").get(pk=found[0][1])
    roots = [
        bytes(root)
        for root in SealBlock.objects.filter(seal=block.seal_id).order_by("number").values_list("root", flat=True)
    ]
    text, place = bytes(block.leaves), block.ids.index(row_id)
    leaves = [text[start : start + HASH_BYTES] for start in range(0, len(text), HASH_BYTES)]
    path = [*merkle.path_to(leaves, place), *merkle.path_to(roots, block.number)]
    return SealedPlace(block.seal, leaves[place], path)


def seals_of(stream: str, organisation: Organisation) -> QuerySet[Seal]:
    return Seal.objects.filter(stream=stream, organisation=organisation)


def seals_after(seal: Seal, limit: int) -> list[Seal]:
    """The seals that follow, oldest first. Index: one_seal_a_number."""
    return list(
        Seal.objects.filter(
            of_organisation(seal.organisation_id),
            stream=seal.stream,
            number__gt=seal.number,
        ).order_by("number")[:limit]
    )


@dataclass(frozen=True)
class StreamState:
    """How one chain of an organisation stands."""

    stream: Stream
    passed_at: datetime | None
    head: Seal | None
    waiting: int
    verified: Verification | None

    @property
    def sealed(self) -> int:
        return self.head.total if self.head else 0

    @property
    def sealed_ago(self) -> str:
        """``40 s ago``: the whole of it in the reader's language."""
        return ago(self.passed_at) if self.passed_at else _("never")

    @property
    def verified_ago(self) -> str:
        return ago(self.verified.ended_at) if self.verified else _("never")

    @property
    def verified_hint(self) -> str:
        if self.verified is None:
            return ""
        words = _("%(rows)s rows in %(time)s") if self.verified.ok else _("It failed.")
        return words % {"rows": number(self.verified.rows), "time": duration(self.verified.seconds)}

    @property
    def tone(self) -> str:
        if self.verified is None:
            return "warning"
        return "success" if self.verified.ok else "danger"


def ago(at: datetime) -> str:
    """To the second for a minute or two: seals come every minute."""
    return _("%(time)s ago") % {"time": duration(max((timezone.now() - at).total_seconds(), 0))}


def stream_state(stream: Stream, organisation: Organisation) -> StreamState:
    """Four short statements: what waits is counted by what was written since the last pass."""
    state = state_of(stream)
    head = seals_of(stream.name, organisation).order_by("-number").first()
    newest = Verification.objects.filter(organisation=organisation, stream=stream.name).order_by("-id").first()
    with connection.cursor() as cursor:
        cursor.execute(
            sql.count_waiting(stream), {"organisation": organisation.pk, "horizon": state.horizon if state else 0}
        )
        waiting = int(cursor.fetchone()[0])
    return StreamState(stream, state.passed_at if state else None, head, waiting, newest)


def sealer_check() -> str:
    """Why the sealer is behind, for ``/readyz``; empty when no row has waited for ten minutes."""
    reasons = [reason for stream in streams() if (reason := lag_of(stream))]
    return "; ".join(reasons)


def lag_of(stream: Stream) -> str:
    now = timezone.now()
    state = state_of(stream)
    quick = state is not None and state.passed_at is not None and state.passed_at > now - LAG
    if quick and horizon_seconds() < LAG.total_seconds():
        return ""
    with connection.cursor() as cursor:
        cursor.execute(sql.waiting(stream), {"horizon": state.horizon if state else 0, "since": now - LAG})
        (late,) = cursor.fetchone()
    if not late:
        return ""
    if state is None or state.passed_at is None:
        return f"{stream.name}: rows wait for their first seal"
    minutes = (now - state.passed_at).total_seconds() / 60
    if quick:
        return f"{stream.name}: a transaction that has been writing for long holds up the seals"
    return f"{stream.name}: the sealer ended its last pass {minutes:.0f} minutes ago"


def horizon_seconds() -> float:
    """How far the oldest writing transaction of the whole server lies back: seals and feeds wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OLDEST_WRITER)
        return float(cursor.fetchone()[0])


def seconds_since_pass() -> dict[str, float]:
    """Stream -> how long ago its last pass ended."""
    now = timezone.now()
    passed = SealingState.objects.exclude(passed_at=None).values_list("stream", "passed_at")
    return {stream: (now - at).total_seconds() for stream, at in passed if at is not None}
