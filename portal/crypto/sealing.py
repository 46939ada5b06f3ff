"""Sealing what is stored and must be read again: evidence, secrets, exported files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.crypto.boxes import key_version, opened_box, sealed_box, sealed_boxes
from portal.crypto.keyring import KeyPurpose, KeyRing, Owner, key_ring


class Sealer:
    """Seals and opens in bulk with one look at the keys; no database access a call.

    Make one a job, not one for ever.
    """

    def __init__(self, owner: Owner, ring: KeyRing, purpose: KeyPurpose = KeyPurpose.DATA) -> None:
        self._owner = owner
        self._purpose = purpose
        self._version = ring.current.version
        self._ciphers = {key.version: AESGCM(key.secret) for key in ring.versions}
        self._current = self._ciphers[self._version]

    def seal(self, plaintext: bytes, *, context: bytes) -> bytes:
        return sealed_box(self._current, self._version, plaintext, context)

    def seal_all(self, plaintexts: Sequence[bytes], *, contexts: Sequence[bytes]) -> Iterator[bytes]:
        """The same for many, each in its own context."""
        return sealed_boxes(self._current, self._version, plaintexts, contexts)

    def open(self, box: bytes, *, context: bytes) -> bytes:
        """The plaintext; :class:`TamperedError` when the box or its place was changed."""
        version = key_version(box)
        if version not in self._ciphers:
            ring = key_ring(self._owner, self._purpose, holding=version)
            self._ciphers = {key.version: AESGCM(key.secret) for key in ring.versions}
        return opened_box(self._ciphers[version], box, context)


def sealer(organisation: Owner, purpose: KeyPurpose = KeyPurpose.DATA) -> Sealer:
    """A sealer with the keys of this organisation (``None`` for the host): its data keys, or those of its archive."""
    return Sealer(organisation, key_ring(organisation, purpose), purpose)


def seal(organisation: Owner, plaintext: bytes, *, context: bytes) -> bytes:
    """The plaintext in a box that only this organisation's key opens, and only in this context.

    The context says where the box belongs (``b"evidence:<digest>"``); it is authenticated, not stored.
    """
    return sealer(organisation).seal(plaintext, context=context)


def open_sealed(organisation: Owner, box: bytes, *, context: bytes) -> bytes:
    """What was sealed; :class:`TamperedError` when the box, its organisation or its context is another."""
    return sealer(organisation).open(bytes(box), context=context)
