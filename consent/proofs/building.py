"""The proof file: everything an auditor needs to check one event with no access to Accord.

The shape is fixed (``accord-proof/1``): hashes in lower-case hex, signatures and keys in base64.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import rfc8785

from consent.ledger.canonical import digest_text, event_document
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence, ImportProof
from consent.ledger.queries import notice_shown
from consent.proofs.errors import EventChangedError, NotSealedYetError
from portal.crypto import signing
from portal.seals.canonical import moment_text
from portal.seals.merkle import leaf_hash
from portal.seals.models import Seal
from portal.seals.queries import SealedPlace, sealed_place, seals_after
from portal.seals.streams import stream_named

FORMAT = "accord-proof/1"
LONGEST_CHAIN = 100
FILE_NAMED_IN = "file_evidence"  # in the evidence of one row of a file: the document of the whole file


def proof_of(event: ConsentEvent) -> dict[str, Any]:
    """The proof file of a sealed event; a fixed number of statements, and one block of the ledger, however large it is.

    Raises ``not_sealed_yet``, and ``event_changed`` for a row that is not what was sealed.
    """
    place = sealed_place(stream_named("ledger"), event.organisation_id, event.pk)
    if place is None:
        raise NotSealedYetError
    document = event_document(event, place.seal.slug)
    if leaf_hash(rfc8785.dumps(document)) != place.leaf:
        raise EventChangedError
    later = seals_after(place.seal, LONGEST_CHAIN)
    found: dict[str, Any] = {
        "format": FORMAT,
        "event": document,
        **seal_part(place),
        "chain": [{"seal": seal.facts.document(), "signature": base64(seal.signature)} for seal in later],
        "keys": keys_of(event.organisation_id, [place.seal, *later]),
        "evidence": evidence_part(event),
    }
    notice = notice_part(event)
    return {**found, "notice": notice} if notice else found


def seal_part(place: SealedPlace) -> dict[str, Any]:
    return {
        "leaf": place.leaf.hex(),
        "path": place.path_texts,
        "seal": place.seal.facts.document(),
        "seal_hash": bytes(place.seal.hash).hex(),
        "signature": base64(place.seal.signature),
    }


def base64(value: bytes | memoryview) -> str:
    return b64encode(bytes(value)).decode()


def keys_of(organisation_id: int, seals: Sequence[Seal]) -> dict[str, dict[str, Any]]:
    """The public keys that signed these seals, and since and until when each was in use."""
    known = signing.public_keys(organisation_id)
    used = dict.fromkeys(seal.key_id for seal in seals)
    return {
        key_id: {
            "algorithm": "Ed25519",
            "public_key": known[key_id].text,
            "from": moment_text(known[key_id].valid_from),
            "to": moment_or_none(known[key_id].valid_to),
        }
        for key_id in used
        if key_id in known
    }


def moment_or_none(at: datetime | None) -> str | None:
    return moment_text(at) if at else None


def evidence_part(event: ConsentEvent) -> list[dict[str, Any]]:
    """The document that the event names, and that of the file it came with; without documents once destroyed."""
    if event.evidence_digest is None:
        return []
    row = (
        Evidence.objects.filter(organisation_id=event.organisation_id, pk=event.evidence_id).first()
        if event.evidence_id is not None
        else None
    )
    entry: dict[str, Any] = {"digest": digest_text(event.evidence_digest)}
    if row is None:
        return [entry]
    document = open_evidence(row)
    return [{**entry, "document": document}, *file_part(event, document)]


def file_part(event: ConsentEvent, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document of the file that a row of an import names; its own evidence vouches for the digest."""
    digest = document.get(FILE_NAMED_IN)
    if not isinstance(digest, str):
        return []
    proof = ImportProof.objects.select_related("evidence").filter(
        organisation_id=event.organisation_id,
        source_import_id=import_named(event.source_reference),
    )
    row = next((each.evidence for each in proof if bytes(each.evidence.digest).hex() == digest), None)
    return [{"digest": digest, "document": open_evidence(row)}] if row else []


def import_named(reference: str) -> int | None:
    """The import that an event of it names as its source."""
    kind, _colon, number = reference.partition(":")
    return int(number) if kind == "import" and number.isdecimal() else None


def notice_part(event: ConsentEvent) -> dict[str, Any] | None:
    """The text that was shown, when it is one of the organisation's notices."""
    shown = notice_shown(event)
    if shown is None:
        return None
    return {
        "digest": bytes(shown.digest).hex(),
        "language": shown.language,
        "text": shown.text,
        "published_at": moment_text(shown.published_at),
    }
