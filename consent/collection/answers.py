"""What somebody answered, on its way from the form to the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from consent.collection.documents import Document, words_of
from consent.collection.models import FormVersion
from consent.ledger.models import EventSource
from portal.crypto import keyed_hashes, open_sealed, seal
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import normalise_email

# As the database gives what it keeps of bytes.
Binary = bytes | memoryview


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``yes`` and ``no`` are keys of choices (``newsletter-email``); ``values`` a contact's; times are RFC 3339 text.

    ``facts`` goes into the evidence as it is: page, IP, user agent, what kept robots out, what staff noted. ``actor``:
    who answered, empty when it was the person. ``parent``: the address of a parent who is still to be asked;
    ``parental``: what is known of a parent's agreement by itself (K-02).
    """

    email: str = ""
    phone: str = ""
    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    yes: list[str] = field(default_factory=list)
    no: list[str] = field(default_factory=list)
    language: str
    submitted_at: str
    served_at: str = ""
    source: str = EventSource.FORM.value
    actor: str = ""
    parent: str = ""
    parental: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def given_at(self) -> datetime:
        return datetime.fromisoformat(self.submitted_at)

    @property
    def email_key(self) -> str:
        return normalise_email(self.email)[1] if self.email else ""


def packed(organisation: Organisation, token_hash: Binary, answer: Answer, **more: Any) -> bytes:
    """The answer in a box that belongs to one sign-up; ``more`` is what became of it since."""
    said = json.dumps({"answer": asdict(answer), **more}).encode()
    return seal(organisation, said, context=box_context(token_hash))


def unpacked(organisation: Organisation, token_hash: Binary, box: Binary) -> tuple[Answer, dict[str, Any]]:
    said = json.loads(open_sealed(organisation, bytes(box), context=box_context(token_hash)))
    return Answer(**said.pop("answer")), said


def box_context(token_hash: Binary) -> bytes:
    return b"sign-up:" + bytes(token_hash).hex().encode()


def address_digest(organisation: Organisation, email_key: str) -> bytes:
    """What a sign-up is found by: keyed, so that nobody can guess the address from it."""
    return keyed_hashes(organisation).current(b"sign-up:" + email_key.encode())[1]


def address_digests(organisation: Organisation, email_key: str) -> list[bytes]:
    """The same with every version of the key."""
    return [digest for _version, digest in keyed_hashes(organisation).all(b"sign-up:" + email_key.encode())]


def said_in_short(answer: Answer) -> str:
    """What tells two answers apart: a double click brings the same one."""
    told = {"email": answer.email, "phone": answer.phone, "yes": answer.yes, "no": answer.no, "values": answer.values}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def evidence_document(
    version: FormVersion, answer: Answer, choice: Mapping[str, Any], more: Mapping[str, Any]
) -> Document:
    """The proof of one choice: what was shown, what was given, when, and how it was confirmed (C-07)."""
    words = words_of(version.document, answer.language)
    notice = words["notice"] or {}
    document = {
        "method": answer.source,
        "form": version.document["form"],
        "form_version": str(version.number),
        "form_digest": bytes(version.digest).hex(),
        "language": answer.language,
        "title": words["title"],
        "text": f"{choice['label']} {choice['description']}".strip(),
        "introduction": words["summary"] or f"{words['controller']} {words['withdrawal']}",
        "notice": notice.get("version", ""),
        "notice_digest": notice.get("digest", ""),
        "purpose": choice["purpose"],
        "purpose_version": str(choice["purpose_version"]),
        "channel": choice["channel"],
        "answer": "yes" if choice["key"] in answer.yes else "no",
        "preselected": "nothing",
        "required": "nothing",
        "chosen": sorted(answer.yes),
        "address": answer.email or answer.phone or answer.external_id,
        "served_at": answer.served_at,
        "submitted_at": answer.submitted_at,
        **answer.facts,
        **more,
    }
    return {name: value for name, value in document.items() if value not in ("", None)}
