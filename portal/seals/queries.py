"""Reads of seals: which rows are sealed, where one stands in its tree, and how the chain goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.crypto import signing
from portal.errors import NotFoundError
from portal.jobs.models import Job, JobState
from portal.organisations.models import Organisation
from portal.seals import merkle, sql
from portal.seals.models import Seal, SealBlock, SealingState, Verification
from portal.seals.streams import Stream, streams
from portal.seals.words import words_of
from portal.ui.components import Text
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
    horizon: int
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
    def finding(self) -> Text:
        """What the last verification found, as a sentence; empty when the chain holds."""
        return words_of(self.stream, self.verified.code) if self.verified else ""

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
    horizon = state.horizon if state else 0
    return StreamState(stream, state.passed_at if state else None, head, waiting, horizon, newest)


def seal_numbered(stream: Stream, organisation: Organisation, number: int) -> Seal:
    """One seal of a chain; ``not_found`` otherwise. Index: one_seal_a_number."""
    found = seals_of(stream.name, organisation).filter(number=number).first()
    if found is None:
        raise NotFoundError
    return found


def key_history(organisation: Organisation) -> list[signing.PublicKey]:
    """Every key that has signed for this organisation, the newest first."""
    keys = signing.public_keys(organisation).values()
    return sorted(keys, key=lambda key: key.valid_from, reverse=True)


# Verifications as jobs

VERIFY = "portal.seals.tasks.verify"


def target_of(organisation: Organisation | None) -> str:
    return f"seals:{organisation.pk if organisation else 'host'}"


def running_verification(organisation: Organisation | None) -> Job | None:
    """The one that waits or runs."""
    at_work = [JobState.QUEUED, JobState.RUNNING]
    return Job.objects.filter(target_id=target_of(organisation), state__in=at_work).first()


def verification_jobs(organisation: Organisation) -> QuerySet[Job]:
    """Those of one organisation. Index: jobs_newest_first."""
    return Job.objects.filter(organisation=organisation, task=VERIFY)


def verification_job(organisation: Organisation, job_id: str) -> Job:
    known = job_id.isascii() and job_id.isdecimal() and len(job_id) < 19
    found = verification_jobs(organisation).filter(pk=int(job_id)).first() if known else None
    if found is None:
        raise NotFoundError
    return found


def results_of(organisation: Organisation, jobs: Iterable[Job]) -> dict[int, list[Verification]]:
    """Job id -> what it has found so far, chain by chain; one query."""
    named: dict[int, int] = {}
    for job in jobs:
        outcomes = job.outcome or job.checkpoint.get("outcomes", {})
        named |= {found["verification"]: job.pk for found in outcomes.values() if "verification" in found}
    results: dict[int, list[Verification]] = {}
    for found in Verification.objects.filter(organisation=organisation, pk__in=named).order_by("pk"):
        results.setdefault(named[found.pk], []).append(found)
    return results


def rows_sealed(organisation_id: int | None) -> int:
    """Of all chains: what a verification looks at."""
    parameters = {"organisation": organisation_id, "streams": [stream.name for stream in streams()]}
    with connection.cursor() as cursor:
        cursor.execute(sql.ROWS_SEALED, parameters)
        return int(cursor.fetchone()[0])


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
