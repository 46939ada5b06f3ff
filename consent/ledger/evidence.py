"""Evidence: what proves a choice, as canonical JSON in a sealed box, known to the ledger by its digest."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785

from consent.ledger.errors import InvalidEvidenceError
from portal.crypto import Sealer, sealer

if TYPE_CHECKING:
    from consent.ledger.models import Evidence


@dataclass(frozen=True)
class SealedEvidence:
    """``digest``: SHA-256 of the document in canonical JSON (RFC 8785); ``payload``: the same bytes, sealed."""

    digest: bytes
    payload: bytes


def context_of(digest: bytes) -> bytes:
    """What a box of evidence is bound to: it opens as the document of this digest and no other."""
    return b"evidence:" + digest.hex().encode()


def seal_evidence(box: Sealer, document: dict[str, Any]) -> SealedEvidence:
    """Seal one document; ``invalid_evidence`` for what canonical JSON can't hold.

    A random salt goes into it: the digest outlives the document, and must not let anyone guess an address or an IP
    from it after an erasure (E25).
    """
    try:
        plain = canonical({**document, "salt": secrets.token_hex(16)})
    except (rfc8785.CanonicalizationError, RecursionError, TypeError, UnicodeEncodeError):
        raise InvalidEvidenceError from None
    return seal_canonical(box, plain)


def seal_canonical(box: Sealer, plain: bytes) -> SealedEvidence:
    """Seal a document that is canonical JSON already, with a random salt in it."""
    digest = hashlib.sha256(plain).digest()
    return SealedEvidence(digest, box.seal(plain, context=context_of(digest)))


def seal_all_canonical(box: Sealer, documents: Sequence[bytes]) -> list[SealedEvidence]:
    """The same for many documents at once."""
    digests = [hashlib.sha256(plain).digest() for plain in documents]
    boxes = box.seal_all(documents, contexts=list(map(context_of, digests)))
    return list(map(SealedEvidence, digests, boxes))


def canonical(document: dict[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785). Flat documents of text, which most are, need none of its care for numbers."""
    if all(type(value) is str and key.isascii() for key, value in document.items()):
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return rfc8785.dumps(document)


def open_evidence(evidence: Evidence, box: Sealer | None = None) -> dict[str, Any]:
    """The document; ``TamperedError`` when it is not the one its digest names.

    Whoever opens many gives the organisation's ``box``, whose keys are read once.
    """
    digest = bytes(evidence.digest)
    plain = (box or sealer(evidence.organisation_id)).open(bytes(evidence.payload), context=context_of(digest))
    document: dict[str, Any] = json.loads(plain)
    return document
