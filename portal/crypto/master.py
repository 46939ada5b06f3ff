"""The master key: wraps every other key, and is kept by the operator, away from the backups.

A wrapped key is ``format (1) | fingerprint of the master key (4) | nonce (12) | ciphertext and tag``: the
fingerprint says which master key opens it, so that a rotation may take its time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.crypto.boxes import NONCE_BYTES, derived_key
from portal.crypto.errors import TamperedError, UnknownKeyError

FORMAT = 1
FINGERPRINT_BYTES = 4
HEADER_BYTES = 1 + FINGERPRINT_BYTES


@dataclass(frozen=True, repr=False)
class MasterKey:
    """One master key, already turned into what it is used for."""

    fingerprint: bytes
    cipher: AESGCM

    @classmethod
    def of(cls, key: bytes) -> MasterKey:
        wrapping = derived_key(key, b"accord/wrap/1")
        return cls(derived_key(key, b"accord/fingerprint/1", FINGERPRINT_BYTES), AESGCM(wrapping))


@dataclass(frozen=True, repr=False)
class MasterKeys:
    """The current master key first, then the earlier ones that may still be needed to unwrap."""

    keys: tuple[MasterKey, ...]

    @property
    def current(self) -> MasterKey:
        return self.keys[0]

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """This key, wrapped under the current master key and bound to the row it is for."""
        header = bytes([FORMAT]) + self.current.fingerprint
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + self.current.cipher.encrypt(nonce, key, header + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key; :class:`UnknownKeyError` without its master key, :class:`TamperedError` when it was
        changed.
        """
        header, nonce = wrapped[:HEADER_BYTES], wrapped[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        if len(nonce) != NONCE_BYTES or header[0] != FORMAT:
            raise TamperedError
        master = next((key for key in self.keys if key.fingerprint == header[1:]), None)
        if master is None:
            raise UnknownKeyError
        try:
            return master.cipher.decrypt(nonce, wrapped[HEADER_BYTES + NONCE_BYTES :], header + context)
        except InvalidTag:
            raise TamperedError from None

    def is_current(self, wrapped: bytes) -> bool:
        """Is this key wrapped under the current master key already?"""
        return wrapped[1:HEADER_BYTES] == self.current.fingerprint


@cache
def master_keys_of(current: bytes, previous: tuple[bytes, ...]) -> MasterKeys:
    return MasterKeys(tuple(MasterKey.of(key) for key in (current, *previous)))


def master_keys() -> MasterKeys:
    """The master keys of this installation, from the settings."""
    return master_keys_of(settings.ACCORD.master_key, tuple(settings.ACCORD.previous_master_keys))
