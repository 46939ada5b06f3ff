"""Ed25519 signatures of an organisation, and the public keys that an outsider checks them with."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.crypto.keyring import KeyPurpose, KeyVersion, Owner, key_ring


class Signature(NamedTuple):
    """Which key signed, and the 64 bytes it gave."""

    key_id: str
    signature: bytes


class PublicKey(NamedTuple):
    """A key as the proof file shows it: 32 raw bytes, and the time it signed from and to (``None``: in
    use).
    """

    key_id: str
    public_key: bytes
    valid_from: datetime
    valid_to: datetime | None

    @property
    def text(self) -> str:
        """The key in base64, as pages and proofs write it."""
        return b64encode(self.public_key).decode()


def public_key_id(public_key: bytes) -> str:
    """The id of a signing key: 16 hex digits of its SHA-256, so that the id vouches for the key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def public_key_of(key: KeyVersion) -> PublicKey:
    """Derived from the private key, which the master key vouches for: anybody may have written the column."""
    raw = Ed25519PrivateKey.from_private_bytes(key.secret).public_key().public_bytes_raw()
    return PublicKey(public_key_id(raw), raw, key.row.created_at, key.row.retired_at)


class Signer:
    """Signs in bulk with the key in use."""

    def __init__(self, key: KeyVersion) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(key.secret)
        self.public_key = public_key_of(key)

    def sign(self, digest: bytes) -> Signature:
        return Signature(self.public_key.key_id, self._private.sign(digest))


def signer(organisation: Owner) -> Signer:
    return Signer(key_ring(organisation, KeyPurpose.SIGNING).current)


def sign(organisation: Owner, digest: bytes) -> Signature:
    """The organisation's Ed25519 signature (RFC 8032) over exactly these bytes."""
    return signer(organisation).sign(digest)


def public_keys(organisation: Owner) -> dict[str, PublicKey]:
    """Every signing key the organisation has had, by key id."""
    ring = key_ring(organisation, KeyPurpose.SIGNING)
    return {key.key_id: key for key in map(public_key_of, ring.versions)}


def signature_is_valid(public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Did the holder of this public key sign these bytes? Pure."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_signature(organisation: Owner, key_id: str, digest: bytes, signature: bytes) -> bool:
    """Did this organisation sign these bytes with this key? False for a key that is not its own."""
    key = public_keys(organisation).get(key_id)
    return key is not None and signature_is_valid(key.public_key, digest, signature)
