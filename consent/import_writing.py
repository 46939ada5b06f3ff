"""Evidence, events and states of an import: copied for people just created, by the ledger's rules for people met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from consent import import_sql
from consent.import_claims import ClaimedConsent
from consent.import_proofs import FileProof, rows_with_proof, sealed_rows
from consent.import_shown import Shown, Timeline
from portal.crypto import Sealer
from subscribers.imports.merging.people import copy_into, fresh_ids, moments
from subscribers.imports.stages import ChunkContext, People, Stop
from subscribers.imports.values.cells import PIECE_ROWS, copy_lines
from subscribers.imports.values.converting import NULL

T = TypeVar("T")
# Line, contact, number of the claim, and where the person stands.
Met = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What holds for all of an import: its claims, the document that proves them (none in a dry run), and what its
    people were shown (nothing when it names no collection point).
    """

    organisation_id: int
    claims: Sequence[ClaimedConsent]
    held: bool
    proof: FileProof | None
    box: Sealer
    collected_at: datetime
    reference: str
    timeline: Timeline | None = None


@dataclass(frozen=True, slots=True)
class NewConsents:
    """COPY text for people who become contacts, and what it counts."""

    counts: dict[str, int]
    evidence: Sequence[bytes] = ()
    events: Sequence[bytes] = ()
    states: Sequence[bytes] = ()
    shown: bool = False

    def copy(self, cursor: Any) -> None:
        copy_into(cursor, import_sql.COPY_EVIDENCE, self.evidence)
        copy_into(cursor, import_sql.COPY_SHOWN_EVENTS if self.shown else import_sql.COPY_EVENTS, self.events)
        copy_into(cursor, import_sql.COPY_STATES, self.states)


def new_consents(claimed: Claimed, new: People) -> NewConsents:
    """What is claimed of people who become contacts; in a dry run only how much that is."""
    if claimed.proof is None or not new.ids:
        return NewConsents(counts_of(claimed, new))
    return NewConsentWriter(claimed, claimed.proof, new).written()


def counts_of(claimed: Claimed, new: People) -> dict[str, int]:
    dates = moments(new.columns, min(claimed.collected_at, new.now))
    counts = {"recorded": 0, "expired": 0}
    for claim in claimed.claims:
        numbers = claim.claiming(new.columns)
        counts["recorded"] += len(numbers)
        counts["expired"] += expired(claim.expiries([dates[number] for number in numbers]), new.now)
    return counts


def expired(expiries: Sequence[datetime] | None, now: datetime) -> int:
    return sum(expiry <= now for expiry in expiries or ())


class NewConsentWriter:
    """Seals the evidence of the rows that bring any, and writes the events and states of each claim."""

    def __init__(self, claimed: Claimed, file: FileProof, new: People) -> None:
        self._claimed, self._file, self._new = claimed, file, new
        self._now = new.now.isoformat()
        self._dates = moments(new.columns, min(claimed.collected_at, new.now))
        timeline = claimed.timeline
        self._shown = timeline.of_rows(new.columns, self._dates) if timeline else ()
        # The evidence of each row: its own, else that of the file.
        self._evidence_ids, self._digests = [str(file.id)] * len(new), [bytea(file.digest)] * len(new)

    def written(self) -> NewConsents:
        rows = [claim.claiming(self._new.columns) for claim in self._claimed.claims]
        evidence = self._evidence(rows_with_proof(self._new.columns, sorted(set().union(*rows))))
        counts, events, states = {"recorded": 0, "expired": 0}, [], []
        event_ids = fresh_ids(import_sql.EVENT_IDS, sum(map(len, rows)))
        for claim, numbers in zip(self._claimed.claims, rows, strict=True):
            ids, event_ids = event_ids[: len(numbers)], event_ids[len(numbers) :]
            since = self._of(self._dates, numbers)
            expiries = claim.expiries(since)
            counts["recorded"] += len(numbers)
            counts["expired"] += expired(expiries, self._new.now)
            events += self._events(claim, numbers, ids, since)
            states += self._states(claim, numbers, ids, since, expiries)
        return NewConsents(counts, evidence, events, states, shown=self._claimed.timeline is not None)

    def _evidence(self, proved: Sequence[int]) -> list[bytes]:
        """Some thousand at a time: sealed and in hexadecimal they are the largest part of a chunk."""
        first = (self._claimed.organisation_id, self._now)
        ids = fresh_ids(import_sql.EVIDENCE_IDS, len(proved))
        text: list[bytes] = []
        for start in range(0, len(proved), PIECE_ROWS):
            numbers, some = proved[start : start + PIECE_ROWS], ids[start : start + PIECE_ROWS]
            sealed = sealed_rows(self._claimed.box, self._file, self._new.columns, numbers, self._dates)
            digests = [bytea(one.digest) for one in sealed]
            for number, evidence_id, digest in zip(numbers, some, digests, strict=True):
                self._evidence_ids[number], self._digests[number] = evidence_id, digest
            payloads = [bytea(one.payload) for one in sealed]
            text += copy_lines([some, self._of(self._new.ids, numbers), digests, payloads], first=first)
        return text

    def _events(
        self, claim: ClaimedConsent, numbers: Sequence[int], ids: Sequence[str], since: Sequence[str]
    ) -> list[bytes]:
        told = (self._claimed.organisation_id, "grant", self._now, "import", self._claimed.reference)
        what = (claim.purpose_id, claim.channel, claim.basis)
        proofs = self._of(self._evidence_ids, numbers), self._of(self._digests, numbers)
        columns = [ids, self._of(self._new.ids, numbers), since, *proofs]
        timeline = self._claimed.timeline
        if timeline is None:
            return copy_lines(columns, first=(*told, "", *what, claim.version))
        # Three cells at once, the same for all who were shown the same; who was shown nothing has the last.
        cells = [notice_cells(claim, shown) for shown in (*timeline.shown, None)]
        columns.append([cells[place] for place in self._of(self._shown, numbers)])
        return copy_lines(columns, first=(*told, *what, timeline.point_id))

    def _states(
        self,
        claim: ClaimedConsent,
        numbers: Sequence[int],
        event_ids: Sequence[str],
        since: Sequence[str],
        expiries: Sequence[datetime] | None,
    ) -> list[bytes]:
        ends = [expiry.isoformat() for expiry in expiries] if expiries else [NULL] * len(numbers)
        status = "unconfirmed" if claim.waits else "granted"
        first = (self._claimed.organisation_id, claim.purpose_id, claim.channel, status)
        return copy_lines([self._of(self._new.ids, numbers), since, ends, event_ids], first=first)

    def _of(self, cells: Sequence[T], numbers: Sequence[int]) -> Sequence[T]:
        """The cells of these rows: nearly always all of them."""
        return cells if len(numbers) == len(self._new) else [cells[number] for number in numbers]


def notice_cells(claim: ClaimedConsent, shown: Shown | None) -> str:
    """The version of the purpose, that of the notice, and the notice's digest, as the cells of COPY text."""
    if shown is None:
        return f"{claim.version}\t\t{NULL}"
    return f"{worded(claim, shown)}\t{shown.version}\t{bytea(shown.digest)}"


def bytea(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def claims_that_matter(cursor: Any, claimed: Claimed, chunk: ChunkContext) -> list[Met]:
    """What the rows claim about people met, where it changes anything or meets a "no"."""
    cursor.execute(
        import_sql.MET.format(staged=chunk.staged),
        {
            "organisation": claimed.organisation_id,
            "numbers": list(range(len(claimed.claims))),
            "purposes": [claim.purpose_id for claim in claimed.claims],
            "keys": [claim.key for claim in claimed.claims],
            "channels": [claim.channel for claim in claimed.claims],
            "collected_at": min(claimed.collected_at, chunk.now),
            "held": claimed.held,
        },
    )
    return list(cursor.fetchall())


def write_met(
    cursor: Any, claimed: Claimed, file: FileProof, chunk: ChunkContext, told: Sequence[Met]
) -> tuple[int, int]:
    """Record these; how many were recorded, and how many of those have run out already."""
    columns = chunk.known.columns
    places = {line: number for number, line in enumerate(columns["line"])}
    rows = [places[str(line)] for line, _contact, _number, _status in told]
    claims = [claimed.claims[number] for _line, _contact, number, _status in told]
    dates = moments(columns, min(claimed.collected_at, chunk.now))
    own = rows_with_proof(columns, list(dict.fromkeys(rows)))
    sealed = dict(zip(own, sealed_rows(claimed.box, file, columns, own, dates), strict=True)) if own else {}
    proofs = [sealed.get(row) for row in rows]
    parameters: dict[str, Any] = {
        "organisation": claimed.organisation_id,
        "now": chunk.now,
        "reference": claimed.reference,
        "evidence": file.id,
        "digest": file.digest,
        "n": list(range(len(told))),
        "contact": [contact for _line, contact, _number, _status in told],
        "purpose": [claim.purpose_id for claim in claims],
        "channel": [claim.channel for claim in claims],
        "basis": [claim.basis for claim in claims],
        "occurred_at": [dates[row] for row in rows],
        "digests": [proof and proof.digest for proof in proofs],
        "payloads": [proof and proof.payload for proof in proofs],
        "waits": [claim.waits for claim in claims],
        "days": [claim.days for claim in claims],
        "version": [claim.version for claim in claims],
    }
    statement = import_sql.RECORD_MET
    if claimed.timeline:
        seen, shown = claimed.timeline.of_rows(columns, dates), (*claimed.timeline.shown, None)
        parameters |= what_was_shown(claimed.timeline, [shown[seen[row]] for row in rows], claims)
        statement = import_sql.RECORD_MET_SHOWN
    cursor.execute(statement, parameters)
    recorded, over = cursor.fetchone()
    return recorded, over


def what_was_shown(
    timeline: Timeline, notices: Sequence[Shown | None], claims: Sequence[ClaimedConsent]
) -> dict[str, Any]:
    """What the statement takes of the notices."""
    return {
        "point": timeline.point_id,
        "notice_version": [shown.version if shown else "" for shown in notices],
        "notice_digest": [shown.digest if shown else None for shown in notices],
        "version": [worded(claim, shown) for claim, shown in zip(claims, notices, strict=True)],
    }


def worded(claim: ClaimedConsent, shown: Shown | None) -> int:
    """The version of the purpose whose words were shown (C-08): that of today where nobody kept them."""
    return shown.worded.get(claim.key, claim.version) if shown else claim.version


def stop_parameters(claimed: Claimed, stops: Sequence[Stop], now: datetime) -> dict[str, Any]:
    """What the statements about opt-outs take: each contact and channel once."""
    told = [(stop.contact_id, channel, min(stop.at, now)) for stop in stops for channel in stop.channels]
    return {
        "organisation": claimed.organisation_id,
        "now": now,
        "reference": claimed.reference,
        "evidence": None,
        "digest": None,
        "n": list(range(len(told))),
        "contact": [contact for contact, _channel, _at in told],
        "channel": [channel for _contact, channel, _at in told],
        "occurred_at": [at for _contact, _channel, at in told],
    }
