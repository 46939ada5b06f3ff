"""What an import claims, put into the ledger: chunk by chunk, in the transaction that merged the chunk's people.

One document proves the whole file; a row that brings proof of its own gets one of its own besides. A file never raises
a state (I-06), and what a bought or a partner's list claims waits, unconfirmed, until its proofs are checked (I-02 to
I-04). A file may also say who has stopped: they withdraw (I-07).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent import import_sql
from consent.import_claims import claimable, claims_of, problems_of
from consent.import_proofs import proof_of_import
from consent.import_shown import Timeline, history_of_import
from consent.import_writing import (
    Claimed,
    Met,
    NewConsents,
    claims_that_matter,
    new_consents,
    stop_parameters,
    write_met,
)
from portal.crypto import sealer
from subscribers.imports.merging.dating import collected_at
from subscribers.imports.models import Import
from subscribers.imports.passport.rules import is_quarantined
from subscribers.imports.stages import ChunkContext, People, Stop, register_stage

STAGE = "consents"
NOES = frozenset(("refused", "withdrawn", "objected"))


def register() -> None:
    register_stage(
        STAGE, record_chunk, begin=begin, prepare=prepare, stop=withdraw, validate=problems_of, choices=claimable
    )


def begin(source: Import) -> Claimed:
    held = is_quarantined(source.origin_kind)
    claims = claims_of(source, held=held)
    now = timezone.now()
    history = history_of_import(source, now) if claims else None
    return Claimed(
        organisation_id=source.organisation_id,
        claims=claims,
        held=held,
        proof=proof_of_import(source, now) if claims and not source.dry_run else None,
        box=sealer(source.organisation_id),
        collected_at=collected_at(source),
        reference=f"import:{source.pk}",
        timeline=Timeline(history, source.organisation.zone) if history else None,
    )


def prepare(source: Import, claimed: Claimed, new: People) -> NewConsents:
    """What will be written for people who become contacts, sealed and ready to be copied."""
    return new_consents(claimed, new)


def record_chunk(cursor: Any, source: Import, chunk: ChunkContext) -> dict[str, int] | None:
    """Record what the file claims about the chunk's people; counts of choices recorded and of standings kept."""
    claimed: Claimed = chunk.context
    if not claimed.claims:
        return None
    counts = Counter(recorded=0, kept=0, would_resubscribe=0, expired=0)
    consents: NewConsents = chunk.prepared
    consents.copy(cursor)
    counts.update(consents.counts)
    if len(chunk.known):
        counts.update(record_met(cursor, claimed, chunk))
    return dict(counts)


def record_met(cursor: Any, claimed: Claimed, chunk: ChunkContext) -> dict[str, int]:
    """The same for people whom the file met."""
    met = claims_that_matter(cursor, claimed, chunk)
    noes = [row for row in met if row[3] in NOES]
    told = [row for row in met if row[3] not in NOES]
    recorded, expired = len(told), 0
    if told and claimed.proof:
        recorded, expired = write_met(cursor, claimed, claimed.proof, chunk, told)
    if noes:
        chunk.outcomes["would_resubscribe"] = [outcome_row(claimed, row) for row in noes]
    said = sum(not chunk.repeated[number] for claim in claimed.claims for number in claim.claiming(chunk.known.columns))
    people = {contact for _line, contact, _number, _status in noes}
    return {"recorded": recorded, "kept": said - recorded, "would_resubscribe": len(people), "expired": expired}


def outcome_row(claimed: Claimed, row: Met) -> dict[str, Any]:
    """Who said no, and to what, although the file claims that they agreed."""
    line, contact, number, status = row
    claim = claimed.claims[number]
    return {"line": line, "contact": str(contact), "purpose": claim.key, "channel": claim.channel, "status": status}


def withdraw(cursor: Any, source: Import, claimed: Claimed, stops: Sequence[Stop], now: datetime) -> int:
    """Withdraw for people who are known; how many withdrawals that were, none where somebody had stopped already."""
    parameters = stop_parameters(claimed, stops, now)
    if source.dry_run:
        cursor.execute(import_sql.COUNT_STOPS, parameters)
    else:
        proof = claimed.proof or proof_of_import(source, now)
        cursor.execute(import_sql.WITHDRAW, parameters | {"evidence": proof.id, "digest": proof.digest})
    return int(cursor.fetchone()[0])
