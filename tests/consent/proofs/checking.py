"""An auditor's own checks of a proof file, by the contract alone and with none of Accord's code."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def check(proof: dict[str, Any]) -> None:
    """Fail unless everything in the proof file holds together."""
    assert proof["format"] == "accord-proof/1"
    found = sha256(b"\x00" + rfc8785.dumps(proof["event"]))
    assert found.hex() == proof["leaf"]
    for step in proof["path"]:
        sibling = bytes.fromhex(step["hash"])
        found = sha256(b"\x01" + (sibling + found if step["side"] == "left" else found + sibling))
    assert found.hex() == proof["seal"]["root"]
    before = check_seal(proof, proof["seal"], proof["signature"])
    assert before == proof["seal_hash"]
    for link in proof["chain"]:
        assert link["seal"]["previous"] == before
        before = check_seal(proof, link["seal"], link["signature"])
    for entry in proof["evidence"]:
        if "document" in entry:
            assert sha256(rfc8785.dumps(entry["document"])).hex() == entry["digest"]
    if "notice" in proof:
        assert sha256(proof["notice"]["text"].encode()).hex() == proof["notice"]["digest"] == proof["event"]["notice"]


def check_seal(proof: dict[str, Any], seal: dict[str, Any], signature: str) -> str:
    digest = sha256(rfc8785.dumps(seal))
    key = proof["keys"][seal["key_id"]]
    assert key["algorithm"] == "Ed25519"
    Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"])).verify(b64decode(signature), digest)
    return digest.hex()
