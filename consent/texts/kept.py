"""What is noted of each version of a notice, a purpose or a form when it is kept.

A version carries the SHA-256 of its words, but whoever owns the tables can write both anew. So the entry of the audit
log that tells of the version names a fingerprint of all of it; the audit log is sealed, and those seals are signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785

from portal.seals.canonical import moment_text

if TYPE_CHECKING:
    from consent.collection.models import FormVersion
    from consent.notices.models import NoticeVersion
    from consent.purposes.models import PurposeVersion


@dataclass(frozen=True)
class KeptText:
    """One version: how it is named (``notice signup/3/fr``, ``purpose newsletter/2``, ``form shop/4``), everything it
    says, and whether its words lead to the digest beside them.
    """

    name: str
    document: dict[str, Any]
    holds: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole version in canonical JSON (RFC 8785), in hex; empty for what no JSON of ours says."""
        found = digest_of(self.document)
        return found.hex() if found else ""


def noted(texts: Iterable[KeptText]) -> dict[str, dict[str, str]]:
    """What an audit entry says of new versions."""
    return {"texts": {text.name: text.fingerprint for text in texts}}


def digest_of(document: Any) -> bytes | None:
    try:
        return hashlib.sha256(rfc8785.dumps(document)).digest()
    except rfc8785.CanonicalizationError:  # numbers that only somebody at the tables can have written
        return None


def notice_text(version: NoticeVersion) -> KeptText:
    """All of a wording but its end, which is written later."""
    digest = bytes(version.digest)
    document = {
        "notice": version.notice,
        "number": version.number,
        "language": version.language,
        "kind": str(version.kind),
        "title": version.title,
        "html": version.html,
        "text": version.text,
        "digest": digest.hex(),
        "form": version.form,
        "published_at": moment_text(version.published_at),
        "published_by": version.published_by,
    }
    name = f"notice {version.notice}/{version.number}/{version.language}"
    return KeptText(name, document, hashlib.sha256(version.text.encode()).digest() == digest)


def purpose_text(version: PurposeVersion) -> KeptText:
    digest = bytes(version.digest)
    document = {
        "purpose": version.purpose_id,
        "number": version.number,
        "values": version.values,
        "digest": digest.hex(),
        "created_at": moment_text(version.created_at),
        "created_by": version.created_by,
        "material": version.material,
        "reason": version.reason,
    }
    return KeptText(f"purpose {version.purpose.key}/{version.number}", document, digest_of(version.values) == digest)


def form_text(version: FormVersion) -> KeptText:
    digest = bytes(version.digest)
    document = {
        "point": version.point_id,
        "number": version.number,
        "document": version.document,
        "digest": digest.hex(),
        "published_at": moment_text(version.published_at),
        "published_by": version.published_by,
    }
    return KeptText(f"form {version.point.key}/{version.number}", document, digest_of(version.document) == digest)
