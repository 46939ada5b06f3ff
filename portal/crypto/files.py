"""Files sealed at rest: chunks of AES-256-GCM that open one by one, so that a reader may jump about in gigabytes.

A sealed file is ``format (4) | salt (32) | chunk | chunk | …``. A chunk is 256 KiB of ciphertext (the last one what is
left, perhaps nothing) and its tag (16). The key is derived from the caller's key, the salt and the context: no two
files share one, so the nonce may be the number of the chunk and whether it is the last. A chunk that is changed, moved
or missing, or a file that was never finished, raises TamperedError.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.crypto.boxes import KEY_BYTES, TAG_BYTES, derived_key
from portal.crypto.errors import TamperedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

FORMAT = b"ASF\x01"
SALT_BYTES = 32
HEADER_BYTES = len(FORMAT) + SALT_BYTES
CHUNK_BYTES = 256 * 1024
SEALED_BYTES = CHUNK_BYTES + TAG_BYTES


def new_file_key() -> bytes:
    """A random key for the sealed files that belong together."""
    return os.urandom(KEY_BYTES)


class SealedWriter(io.BufferedIOBase):
    """Seals what is written on its way into ``raw``. Without :meth:`finish` the file never opens."""

    def __init__(self, raw: BinaryIO, key: bytes, *, context: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self._raw, self._cipher = raw, file_cipher(key, salt, context)
        self._pending = bytearray()
        self._chunks = 0
        self.size = 0
        raw.write(FORMAT + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        added = memoryview(data).nbytes
        self._pending += data
        self.size += added
        # One chunk stays back: it may turn out to be the last.
        while len(self._pending) > CHUNK_BYTES:
            self._write_chunk(bytes(memoryview(self._pending)[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]
        return added

    def finish(self) -> None:
        """Write the chunk that says that nothing follows; ``raw`` stays open."""
        self._write_chunk(bytes(self._pending), last=True)
        self._pending.clear()
        self._raw.flush()

    def _write_chunk(self, plain: bytes, *, last: bool) -> None:
        sealed = memoryview(self._cipher.encrypt(nonce_of(self._chunks, last=last), plain, None))
        while sealed:  # a raw file takes less than all of it just before its disk is full, and says so the next time
            sealed = sealed[self._raw.write(sealed) :]
        self._chunks += 1


class SealedReader(io.RawIOBase):
    """The plain bytes of a sealed file, at any place of it."""

    def __init__(self, raw: BinaryIO, key: bytes, *, context: bytes) -> None:
        self._raw = raw
        self._sealed_size = raw.seek(0, io.SEEK_END)
        raw.seek(0)
        header = raw.read(HEADER_BYTES)
        body = self._sealed_size - HEADER_BYTES
        if not header.startswith(FORMAT) or body < TAG_BYTES:
            raise TamperedError
        self._cipher = file_cipher(key, header[len(FORMAT) :], context)
        self._chunks = -(-body // SEALED_BYTES)
        self.size = body - self._chunks * TAG_BYTES
        self._position, self._held, self._number = 0, memoryview(b""), -1
        self._hold(self._chunks - 1)  # the last chunk vouches for the length

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._position >= self.size or not view:
            return 0
        number, place = divmod(self._position, CHUNK_BYTES)
        if number != self._number:
            self._hold(number)
        piece = self._held[place : place + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _hold(self, number: int) -> None:
        self._raw.seek(HEADER_BYTES + number * SEALED_BYTES)
        sealed = self._raw.read(SEALED_BYTES)
        try:
            plain = self._cipher.decrypt(nonce_of(number, last=number == self._chunks - 1), sealed, None)
        except InvalidTag:
            raise TamperedError from None
        self._held, self._number = memoryview(plain), number


def sealed_reader(raw: BinaryIO, key: bytes, *, context: bytes) -> BinaryIO:
    """The plain bytes of a sealed file, buffered; closing it closes ``raw``. Raises TamperedError."""
    return cast("BinaryIO", io.BufferedReader(SealedReader(raw, key, context=context), CHUNK_BYTES))


def file_cipher(key: bytes, salt: bytes, context: bytes) -> AESGCM:
    return AESGCM(derived_key(key, b"accord/file/1/" + salt + context))


def nonce_of(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
