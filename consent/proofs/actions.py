"""Handing out proofs: they hold personal data, so the audit log says who took one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from consent.ledger.models import ConsentEvent
from consent.notices.frozen_files import files_shown
from consent.proofs.attachments import attachments_of
from consent.proofs.building import proof_of
from consent.proofs.bundle import bundle
from consent.proofs.documents import proof_pdf
from consent.proofs.errors import NoProofError
from consent.proofs.queries import events_in_force
from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

MEDIA_TYPES = {"pdf": "application/pdf", "zip": "application/zip"}


@dataclass(frozen=True)
class ProofFile:
    """A file to hand over."""

    name: str
    media_type: str
    content: bytes


@transaction.atomic
def take_proof(*, actor: Actor, event: ConsentEvent, now: datetime) -> dict[str, Any]:
    """The proof file of an event, and an entry in the audit log; ``not_sealed_yet`` while it waits for its seal."""
    actor.require(Capability.CONSENTS_VIEW)
    found = proof_for(actor, event)
    audit.record(
        actor=actor,
        action="consent.proof_taken",
        target_type="contact",
        target_id=event.contact_id,
        details={"event": event.pk, "seal": found["seal"]["number"]},
        at=now,
    )
    return found


@transaction.atomic
def export_proof(
    *, actor: Actor, organisation: Organisation, event: ConsentEvent, kind: str, now: datetime
) -> ProofFile:
    """One event's proof as ``pdf``, or as ``zip`` (all of it, with the program that checks it), audited.

    Texts for people are in the active language. Raises ``not_sealed_yet``, ``event_changed``.
    """
    actor.require(Capability.CONSENTS_VIEW)
    proof = proof_for(actor, event)
    content = {
        "pdf": lambda: proof_pdf(proof, organisation=organisation, now=now),
        "zip": lambda: bundled(organisation, [("", proof)], now),
    }[kind]()
    record_export(actor, event.contact_id, {"events": [event.pk], "format": kind}, now)
    return ProofFile(f"proof-{event.pk}.{kind}", MEDIA_TYPES[kind], content)


@transaction.atomic
def take_proofs(*, actor: Actor, organisation: Organisation, contact_id: int, now: datetime) -> list[dict[str, Any]]:
    """The proof of every agreement of a person that is in force (C-01), audited.

    Raises ``no_proof`` when there is none to show, ``not_sealed_yet``, ``event_changed``.
    """
    actor.require(Capability.CONSENTS_VIEW)
    events = events_in_force(organisation, contact_id)
    if not events:
        raise NoProofError
    proofs = [proof_for(actor, event) for event in events]
    record_export(actor, contact_id, {"events": [event.pk for event in events], "format": "json"}, now)
    return proofs


@transaction.atomic
def export_proofs(*, actor: Actor, organisation: Organisation, contact_id: int, now: datetime) -> ProofFile:
    """The same as one ZIP: a folder each with the file and the page, and the program once; some tenths of a second
    for each agreement.
    """
    actor.require(Capability.CONSENTS_VIEW)
    events = events_in_force(organisation, contact_id)
    if not events:
        raise NoProofError
    parts = [(folder_of(event), proof_for(actor, event)) for event in events]
    content = bundled(organisation, parts, now)
    record_export(actor, contact_id, {"events": [event.pk for event in events], "format": "zip"}, now)
    return ProofFile(f"proofs-contact-{contact_id}.zip", MEDIA_TYPES["zip"], content)


def proof_for(actor: Actor, event: ConsentEvent) -> dict[str, Any]:
    """The proof as this actor may see it: addresses and programs are for those who export personal data, and for those
    whose systems report evidence. Everybody else gets its digest, and the proof holds all the same.
    """
    proof = proof_of(event)
    if actor.may(Capability.PERSONAL_DATA_EXPORT) or actor.may(Capability.CONSENTS_RECORD):
        return proof
    return {**proof, "evidence": [{"digest": entry["digest"]} for entry in proof["evidence"]]}


def bundled(organisation: Organisation, parts: Sequence[tuple[str, dict[str, Any]]], now: datetime) -> bytes:
    """The ZIP of these proofs (folder, proof), each with its page, the scans their evidence names, and the pictures and
    documents their notices showed.
    """
    attachments: dict[str, bytes] = {}
    shown: dict[str, bytes] = {}
    for _folder, proof in parts:
        attachments |= attachments_of(organisation, proof)
        shown |= files_shown(organisation, (proof.get("notice") or {}).get("text", ""))
    pages = [(folder, proof, proof_pdf(proof, organisation=organisation, now=now)) for folder, proof in parts]
    return bundle(pages, attachments=attachments, shown=shown)


def folder_of(event: ConsentEvent) -> str:
    return f"{event.purpose.key}-{event.channel}/{event.pk}-{event.action}/"


def record_export(actor: Actor, contact_id: int, details: dict[str, Any], at: datetime) -> None:
    audit.record(
        actor=actor, action="proof.exported", target_type="contact", target_id=contact_id, details=details, at=at
    )
