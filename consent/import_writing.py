"""Evidence, events and states of an import: copied for people just created, by the ledger's rules for people met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent import import_sql
from consent.import_claims import ClaimedConsent
from consent.import_proofs import FileProof, rows_with_proof, sealed_rows
from portal.crypto import Sealer
from subscribers.imports.merging.people import copy_into, fresh_ids, moments
from subscribers.imports.stages import ChunkContext, People, Stop
from subscribers.imports.values.cells import PIECE_ROWS, copy_lines
from subscribers.imports.values.converting import NULL

# Line, contact, number of the claim, and where the person stands.
Met = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What holds for all of an import: its claims, and the document that proves them (none in a dry run)."""

    organisation_id: int
    claims: Sequence[ClaimedConsent]
    held: bool
    proof: FileProof | None
    box: Sealer
    collected_at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class NewConsents:
    """COPY text for people who become contacts, and what it counts."""

    counts: dict[str, int]
    evidence: Sequence[bytes] = ()
    events: Sequence[bytes] = ()
    states: Sequence[bytes] = ()

    def copy(self, cursor: Any) -> None:
        copy_into(cursor, import_sql.COPY_EVIDENCE, self.evidence)
        copy_into(cursor, import_sql.COPY_EVENTS, self.events)
        copy_into(cursor, import_sql.COPY_STATES, self.states)


@dataclass(slots=True)
class RowProofs:
    """The evidence of each row: its own, else that of the file; as cells of COPY text."""

    ids: list[str]
    digests: list[str]
    text: list[bytes] = field(default_factory=list)


def new_consents(claimed: Claimed, new: People) -> NewConsents:
    """What is claimed of people who become contacts; in a dry run only how much that is."""
    dates = moments(new.columns, min(claimed.collected_at, new.now))
    rows = [claim.claiming(new.columns) for claim in claimed.claims]
    if claimed.proof is None or not new.ids:
        counts = {"recorded": sum(map(len, rows)), "expired": 0}
        for claim, numbers in zip(claimed.claims, rows, strict=True):
            counts["expired"] += expired(claim.expiries([dates[number] for number in numbers]), new.now)
        return NewConsents(counts)
    proofs = row_proofs(claimed, claimed.proof, new, sorted(set().union(*rows)), dates)
    event_ids = fresh_ids(import_sql.EVENT_IDS, sum(map(len, rows)))
    events: list[bytes] = []
    states: list[bytes] = []
    counts = {"recorded": len(event_ids), "expired": 0}
    for claim, numbers in zip(claimed.claims, rows, strict=True):
        ids, event_ids = event_ids[: len(numbers)], event_ids[len(numbers) :]
        text = claim_text(claimed, claim, new, numbers, ids, dates, proofs, counts)
        events += text[0]
        states += text[1]
    return NewConsents(counts, proofs.text, events, states)


def expired(expiries: Sequence[datetime] | None, now: datetime) -> int:
    return sum(expiry <= now for expiry in expiries or ())


def row_proofs(
    claimed: Claimed, file: FileProof, new: People, numbers: Sequence[int], dates: Sequence[str]
) -> RowProofs:
    """Seal the evidence of the rows that bring any."""
    proofs = RowProofs([str(file.id)] * len(new), [bytea(file.digest)] * len(new))
    proved = rows_with_proof(new.columns, numbers)
    if not proved:
        return proofs
    first = (claimed.organisation_id, new.now.isoformat())
    ids = fresh_ids(import_sql.EVIDENCE_IDS, len(proved))
    for start in range(0, len(proved), PIECE_ROWS):
        numbers, some = proved[start : start + PIECE_ROWS], ids[start : start + PIECE_ROWS]
        sealed = sealed_rows(claimed.box, file, new.columns, numbers, dates)
        digests = [bytea(one.digest) for one in sealed]
        for number, evidence_id, digest in zip(numbers, some, digests, strict=True):
            proofs.ids[number], proofs.digests[number] = evidence_id, digest
        contacts = [new.ids[number] for number in numbers]
        proofs.text += copy_lines([some, contacts, digests, [bytea(one.payload) for one in sealed]], first=first)
    return proofs


def bytea(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def claim_text(
    claimed: Claimed,
    claim: ClaimedConsent,
    new: People,
    numbers: Sequence[int],
    event_ids: Sequence[str],
    dates: Sequence[str],
    proofs: RowProofs,
    counts: dict[str, int],
) -> tuple[list[bytes], list[bytes]]:
    """Events and states of one claim."""
    contacts, since, ids, digests = new.ids, dates, proofs.ids, proofs.digests
    if len(numbers) < len(new):
        contacts, since = [contacts[number] for number in numbers], [since[number] for number in numbers]
        ids, digests = [ids[number] for number in numbers], [digests[number] for number in numbers]
    expiries = claim.expiries(since)
    counts["expired"] += expired(expiries, new.now)
    ends = [expiry.isoformat() for expiry in expiries] if expiries else [NULL] * len(numbers)
    now, status = new.now.isoformat(), "unconfirmed" if claim.waits else "granted"
    told = (claimed.organisation_id, "grant", now, "import", claimed.reference, "")
    about = (claim.purpose_id, claim.channel)
    return (
        copy_lines([event_ids, contacts, since, ids, digests], first=(*told, *about, claim.basis)),
        copy_lines([contacts, since, ends, event_ids], first=(claimed.organisation_id, *about, status)),
    )


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
    cursor.execute(
        import_sql.RECORD_MET,
        {
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
        },
    )
    recorded, over = cursor.fetchone()
    return recorded, over


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
