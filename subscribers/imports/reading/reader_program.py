"""The program that reads a large file for a worker: ``python -I reader_program.py <root>``, bytes in, chunks out.

A process of its own has an interpreter of its own: the worker's seals, stages and merges meanwhile. It knows nothing of
the application, its settings, its database or its keys.
"""

from __future__ import annotations

import io
import pickle
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HELD_BYTES = 1024 * 1024


class RecentStream(io.RawIOBase):
    """A pipe that can be read on from any place ahead, and from a little before where it has been read to."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._held = bytearray()
        self._start = self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._start:
            message = f"byte {offset} is gone"
            raise io.UnsupportedOperation(message)
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while self._position >= self._start + len(self._held):
            piece = self._raw.read(len(view))
            if not piece:
                return 0
            self._held += piece
            spare = max(len(self._held) - HELD_BYTES, 0)
            del self._held[:spare]
            self._start += spare
        place = self._position - self._start
        piece = bytes(self._held[place : place + len(view)])
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def main(root: str) -> None:
    sys.path.insert(0, root)
    from django.conf import settings

    settings.configure(USE_I18N=False)  # all texts leave in English; whoever shows them translates them
    from subscribers.imports.reading.chunks import read_chunks, tuned_interpreter
    from subscribers.imports.reading.frames import write_chunk
    from subscribers.imports.values.rows import RowValidator

    task = pickle.load(sys.stdin.buffer)  # noqa: S301 (the worker wrote it)
    stream = io.BufferedReader(RecentStream(sys.stdin.buffer), HELD_BYTES // 4)
    with tuned_interpreter():
        for chunk in read_chunks(stream, task.file, RowValidator(task.reading), **task.sizes):
            write_chunk(sys.stdout.buffer, chunk)


if __name__ == "__main__":
    main(sys.argv[1])
