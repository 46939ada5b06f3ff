"""A small maker of proof files, written apart from the sealer: what the contract says, and no more."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TEXT = "I want the newsletter by e-mail. I can stop at any time."
DOCUMENT = {
    "form": "Newsletter",
    "ip": "192.0.2.77",
    "user_agent": "Mozilla/5.0 (é \U0001f600)",
    "clicks": 2,
    "ratio": 0.1,
    "salt": "00112233445566778899aabbccddeeff",
}


def sha(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, of leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power(len(leaves))
    return sha(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:]))


def largest_power(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def path_of(leaves: list[bytes], index: int) -> list[dict[str, str]]:
    if len(leaves) == 1:
        return []
    k = largest_power(len(leaves))
    if index < k:
        return [*path_of(leaves[:k], index), {"side": "right", "hash": root_of(leaves[k:]).hex()}]
    return [*path_of(leaves[k:], index - k), {"side": "left", "hash": root_of(leaves[:k]).hex()}]


class Key:
    def __init__(self, seed: int = 1) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.raw = self.private.public_key().public_bytes_raw()
        self.id = sha(self.raw).hex()[:16]

    @property
    def text(self) -> str:
        return base64.b64encode(self.raw).decode()

    def sign(self, digest: bytes) -> str:
        return base64.b64encode(self.private.sign(digest)).decode()


def event_of(**values: Any) -> dict[str, Any]:
    event = {
        "id": "123",
        "organisation": "acme",
        "contact": "45",
        "purpose": "newsletter",
        "purpose_version": 1,
        "channel": "email",
        "action": "grant",
        "basis": "consent",
        "occurred_at": "2026-11-26T10:00:00.000000Z",
        "recorded_at": "2026-11-26T10:00:01.500000Z",
        "source": "form",
        "notice_version": "signup/3/fr",
        "notice": sha(TEXT.encode()).hex(),
        "evidence": sha(rfc8785.dumps(DOCUMENT)).hex(),
        **values,
    }
    return {name: value for name, value in event.items() if value is not None}


def seal_of(key: Key, number: int, root: bytes, previous: str, count: int, **values: Any) -> dict[str, Any]:
    return {
        "organisation": "acme",
        "number": number,
        "first": "100",
        "last": "199",
        "count": count,
        "root": root.hex(),
        "previous": previous,
        "signed_at": f"2026-11-26T10:{number:02}:00.000000Z",
        "key_id": key.id,
        **values,
    }


def made_proof(
    *, index: int = 2, count: int = 5, number: int = 17, later: int = 2, event: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A proof of one event among ``count``, with ``later`` seals after its own."""
    key = Key()
    event = event or event_of()
    leaves = [sha(b"\x00" + rfc8785.dumps(event_of(id=str(n)))) for n in range(count)]
    leaves[index] = sha(b"\x00" + rfc8785.dumps(event))
    previous = "0" * 64 if number == 1 else "ab" * 32
    seal = seal_of(key, number, root_of(leaves), previous, count)
    seal_hash = sha(rfc8785.dumps(seal))
    chain, before = [], seal_hash
    for further in range(1, later + 1):
        after = seal_of(key, number + further, sha(b"x"), before.hex(), 1)
        before = sha(rfc8785.dumps(after))
        chain.append({"seal": after, "signature": key.sign(before)})
    return {
        "format": "accord-proof/1",
        "event": event,
        "leaf": leaves[index].hex(),
        "path": path_of(leaves, index),
        "seal": seal,
        "seal_hash": seal_hash.hex(),
        "signature": key.sign(seal_hash),
        "chain": chain,
        "keys": {
            key.id: {
                "algorithm": "Ed25519",
                "public_key": key.text,
                "from": "2026-01-01T00:00:00.000000Z",
                "to": None,
            }
        },
        "evidence": [{"digest": event["evidence"], "document": DOCUMENT}] if "evidence" in event else [],
        "notice": {
            "digest": event["notice"],
            "language": "fr",
            "text": TEXT,
            "published_at": "2026-10-01T00:00:00.000000Z",
        }
        if "notice" in event
        else None,
    }


def as_bytes(proof: dict[str, Any]) -> bytes:
    return json.dumps(proof, ensure_ascii=False).encode()
