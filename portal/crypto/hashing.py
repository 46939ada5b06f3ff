"""Keyed hashes of addresses, for lists that must recognise a person without naming them (O-05).

HMAC-SHA-256 with one secret key per controller: a plain hash of an address can be guessed by trying
addresses.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from portal.crypto.keyring import KeyPurpose, KeyRing, Owner, key_ring


class KeyedHasher:
    """Hashes with the key in use, and with all of them to look up what an earlier key wrote (O-10)."""

    def __init__(self, ring: KeyRing) -> None:
        self._version = ring.current.version
        # A keyed HMAC object is copied for each message: a third faster than starting from the key each time.
        self._keyed = [(key.version, hmac.new(key.secret, digestmod="sha256")) for key in ring.versions]

    @property
    def version(self) -> int:
        return self._version

    @property
    def versions(self) -> tuple[int, ...]:
        """All the versions, the newest first: with one alone a look-up needs one digest."""
        return tuple(version for version, _keyed in self._keyed)

    def current(self, message: bytes) -> tuple[int, bytes]:
        """The version in use and its 32-byte digest: what is written."""
        return self._version, digest(self._keyed[0][1], message)

    def all(self, message: bytes) -> list[tuple[int, bytes]]:
        """Version and digest for every key, the newest first: what is looked up."""
        return [(version, digest(keyed, message)) for version, keyed in self._keyed]

    def current_many(self, messages: Iterable[bytes]) -> list[bytes]:
        """The digests of many messages with the key in use, in order."""
        keyed = self._keyed[0][1]
        return [digest(keyed, message) for message in messages]


def digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    mac = keyed.copy()
    mac.update(message)
    return mac.digest()


def keyed_hashes(organisation: Owner) -> KeyedHasher:
    """The hasher of this organisation's suppression list."""
    return KeyedHasher(key_ring(organisation, KeyPurpose.SUPPRESSION))
