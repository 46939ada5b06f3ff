"""What an import claims, put into the ledger: chunk by chunk, in the transaction that merged the chunk's people.

One document proves the whole file; a row that brings its own IP address gets one of its own besides. A file never
raises a state (I-06), and what a bought or a partner's list claims waits, unconfirmed, until its proofs are checked
(I-02 to I-04).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consent import import_sql
from consent.ledger.errors import BasisMismatchError
from consent.ledger.evidence import SealedEvidence, seal_evidence
from consent.purposes.errors import ChannelNotOfferedError, UnknownPurposeError
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.crypto import sealer
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.models import Organisation
from subscribers.imports.documents import proof_of_documents
from subscribers.imports.models import Import
from subscribers.imports.rules import is_quarantined
from subscribers.imports.running import collected_at
from subscribers.imports.stages import ChunkContext, Claim, register_stage

STAGE = "consents"


def register() -> None:
    register_stage(STAGE, record_chunk, validate=problems_of, choices=claimable)


def claimable(organisation: Organisation) -> list[tuple[str, str]]:
    """Every purpose on every channel it uses, as ``purpose:channel`` and a label."""
    return [
        (f"{purpose.key}:{channel}", f"{purpose.name} · {Channel(channel).label}")
        for purpose in Purpose.objects.filter(organisation=organisation)
        for channel in purpose.channels
    ]


def problems_of(organisation: Organisation, claim: Claim) -> list[FieldProblem]:
    """What is wrong with the consents a file claims: an unknown purpose, a channel or basis it hasn't (B-13)."""
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation=organisation)}
    found: list[FieldProblem] = []
    for number, consent in enumerate(claim.consents):
        purpose = purposes.get(consent.get("purpose", ""))
        place = ("options", "consents", number)
        if purpose is None:
            found += problems_in(UnknownPurposeError(*place, "purpose"))
        elif consent.get("channel") not in purpose.channels:
            found += problems_in(ChannelNotOfferedError(*place, "channel"))
        elif claim.basis and claim.basis != purpose.basis:
            found += problems_in(BasisMismatchError("options", "basis"))
    return found


def problems_in(error: InvalidInputError) -> tuple[FieldProblem, ...]:
    return error.errors


@dataclass(frozen=True)
class Statements:
    """The statements of one chunk, its tables filled in; ``row_proofs``: rows may have evidence of their own."""

    chunk: ChunkContext
    row_proofs: bool

    def of(self, template: str) -> str:
        return template.format(
            staged=self.chunk.staged,
            merged=self.chunk.merged,
            claims=import_sql.CLAIMS,
            occurred_at=import_sql.OCCURRED_AT,
            row_proofs=import_sql.WITH_ROW_PROOFS if self.row_proofs else "",
            proof_id=import_sql.ROW_PROOF_ID if self.row_proofs else import_sql.FILE_PROOF_ID,
            proof_digest=import_sql.ROW_PROOF_DIGEST if self.row_proofs else import_sql.FILE_PROOF_DIGEST,
        )


def record_chunk(cursor: Any, source: Import, chunk: ChunkContext) -> dict[str, int]:
    """Record what the file claims about the chunk's people; counts of choices recorded and of standings kept."""
    claims = claims_of(source)
    if not claims:
        return {}
    statements = Statements(chunk, row_proofs="consent.ip" in source.mapping.values())
    parameters = parameters_of(cursor, source, chunk, claims)
    if statements.row_proofs:
        parameters |= row_proofs(cursor, source, statements, parameters)
    recorded = 0
    if chunk.created:
        cursor.execute(statements.of(import_sql.RECORD_NEW), parameters)
        recorded += cursor.rowcount
    if chunk.known:
        cursor.execute(statements.of(import_sql.RECORD_MET), parameters)
        recorded += cursor.fetchone()[0]
    return {"recorded": recorded, "kept": (chunk.created + chunk.known) * len(claims) - recorded}


def claims_of(source: Import) -> list[tuple[Purpose, str]]:
    """What the file claims, each purpose and channel once."""
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation_id=source.organisation_id)}
    pairs = dict.fromkeys((consent["purpose"], consent["channel"]) for consent in source.consents)
    return [(purposes[key], channel) for key, channel in pairs if key in purposes]


def parameters_of(
    cursor: Any, source: Import, chunk: ChunkContext, claims: Sequence[tuple[Purpose, str]]
) -> dict[str, Any]:
    held = is_quarantined(source.origin_kind)
    evidence_id, digest = proof_of_import(cursor, source, chunk)
    return {
        "organisation": source.organisation_id,
        "now": chunk.now,
        "collected_at": min(collected_at(source), chunk.now),
        "reference": f"import:{source.pk}",
        "held": held,
        "evidence": evidence_id,
        "digest": digest,
        "purposes": [purpose.pk for purpose, _channel in claims],
        "channels": [channel for _purpose, channel in claims],
        "bases": [purpose.basis for purpose, _channel in claims],
        "waits": [held or purpose.double_opt_in for purpose, _channel in claims],
        "days": [purpose.valid_for_days for purpose, _channel in claims],
        "proof_lines": [],
        "proof_ids": [],
        "proof_digests": [],
    }


def proof_of_import(cursor: Any, source: Import, chunk: ChunkContext) -> tuple[int, bytes]:
    """The document that proves the whole file, written with its first chunk."""
    parameters: dict[str, Any] = {"organisation": source.organisation_id, "import": source.pk, "now": chunk.now}
    cursor.execute(import_sql.PROOF_OF_IMPORT, parameters)
    found = cursor.fetchone()
    if found is not None:
        return found[0], bytes(found[1])
    sealed = seal_evidence(sealer(source.organisation_id), document_of(source))
    cursor.execute(import_sql.KEEP_PROOF, parameters | {"digest": sealed.digest, "payload": sealed.payload})
    return cursor.fetchone()[0], sealed.digest


def document_of(source: Import) -> dict[str, Any]:
    """What the importer declared, and which bytes it was declared about."""
    return {
        "kind": "import",
        "import": str(source.pk),
        "file": {
            "name": source.file_name,
            "size": source.file_size,
            "sha256": bytes(source.file_digest).hex(),
            "encoding": source.encoding,
            "delimiter": source.delimiter,
        },
        "origin": {
            "kind": source.origin_kind,
            "name": source.origin_name,
            "collected_by": source.collected_by,
            "collected_on": source.collected_on.isoformat() if source.collected_on else None,
        },
        "occurred_at": source.occurred_at.isoformat() if source.occurred_at else None,
        "basis": source.basis,
        "consents": source.consents,
        "mapping": source.mapping,
        "note": source.evidence_note,
        "documents": proof_of_documents(source),
        "partners": source.partners,
        "warnings": source.warnings,
        "declared_by": f"user:{source.created_by_id}" if source.created_by_id else "",
        "declared_at": source.created_at.isoformat(),
    }


def row_proofs(cursor: Any, source: Import, statements: Statements, parameters: dict[str, Any]) -> dict[str, Any]:
    """Evidence for each row that brings an IP address and will be recorded; answers line -> evidence as arrays."""
    cursor.execute(statements.of(import_sql.ROWS_TO_PROVE), parameters)
    rows = cursor.fetchall()
    if not rows:
        return {}
    cursor.execute(import_sql.EVIDENCE_IDS, {"count": len(rows)})
    ids = [evidence_id for (evidence_id,) in cursor.fetchall()]
    box = sealer(source.organisation_id)
    file_proof = parameters["digest"].hex()
    sealed = [
        seal_evidence(
            box,
            {"kind": "import_row", "file_evidence": file_proof, "line": line, "ip": ip, "occurred_at": at.isoformat()},
        )
        for line, _contact, ip, at in rows
    ]
    copy_evidence(cursor, source.organisation_id, [row[1] for row in rows], ids, sealed, parameters["now"])
    return {
        "proof_lines": [row[0] for row in rows],
        "proof_ids": ids,
        "proof_digests": [proof.digest for proof in sealed],
    }


def copy_evidence(
    cursor: Any,
    organisation_id: int,
    contacts: Sequence[int],
    ids: Sequence[int],
    sealed: Sequence[SealedEvidence],
    now: Any,
) -> None:
    with cursor.copy(import_sql.COPY_EVIDENCE) as copy:
        for evidence_id, contact_id, proof in zip(ids, contacts, sealed, strict=True):
            copy.write_row((evidence_id, organisation_id, contact_id, proof.digest, proof.payload, now))
