"""Pure boxes: AES-256-GCM with a versioned header. No settings, no database, no clock.

A box is ``format (1) | key version (2, big-endian) | nonce (12) | ciphertext and tag``. The header and the
caller's context are authenticated, so a box copied into another row, column or organisation does not open.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.crypto.errors import TamperedError

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER = struct.Struct(">BH")
OVERHEAD = HEADER.size + NONCE_BYTES + TAG_BYTES


def derived_key(master: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA256 (RFC 5869) of a master key; ``info`` names what the key is for.

    No salt: the input is 32 uniformly random bytes, for which RFC 5869 section 3.1 lets the salt be left out.
    """
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)


def sealed_box(cipher: AESGCM, version: int, plaintext: bytes, context: bytes) -> bytes:
    """The box of this plaintext. The nonce is random: safe for 2**32 boxes a key (NIST SP 800-38D, 8.3)."""
    header = HEADER.pack(FORMAT, version)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, plaintext, header + context)


def sealed_boxes(
    cipher: AESGCM, version: int, plaintexts: Sequence[bytes], contexts: Sequence[bytes]
) -> Iterator[bytes]:
    """The boxes of many plaintexts, each in its own context; the system is asked for all nonces at once."""
    header = HEADER.pack(FORMAT, version)
    nonces = os.urandom(NONCE_BYTES * len(plaintexts))
    places = range(0, len(nonces), NONCE_BYTES)
    for place, plaintext, context in zip(places, plaintexts, contexts, strict=True):
        nonce = nonces[place : place + NONCE_BYTES]
        yield header + nonce + cipher.encrypt(nonce, plaintext, header + context)


def key_version(box: bytes) -> int:
    """The version of the key a box was sealed with; :class:`TamperedError` when it is no box of ours."""
    if len(box) < OVERHEAD or box[0] != FORMAT:
        raise TamperedError
    return int(HEADER.unpack_from(box)[1])


def opened_box(cipher: AESGCM, box: bytes, context: bytes) -> bytes:
    """The plaintext; :class:`TamperedError` for any other key, context or a single changed bit."""
    header, nonce = box[: HEADER.size], box[HEADER.size : HEADER.size + NONCE_BYTES]
    try:
        return cipher.decrypt(nonce, box[HEADER.size + NONCE_BYTES :], header + context)
    except InvalidTag:
        raise TamperedError from None
