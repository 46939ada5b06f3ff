"""Uploads are sealed and hashed as they come, so that the plain bytes never touch the disk.

Of an upload that is too large no more is kept than the limit. Storing one moves it: the storage holds sealed bytes,
which only the upload's ``file_key`` opens. Whoever stores the file seals that key in turn, and keeps it.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from portal.crypto.files import SealedWriter, new_file_key, sealed_reader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MULTIPART_ROOM = 1024**2  # boundaries and the other parts beside a file of the largest size
CONTEXT = b"upload"
PIECE_BYTES = 256 * 1024


def announced_too_large(request: HttpRequest) -> bool:
    """Whether a body is above the limit by its own account: known before a byte of it is read."""
    announced = request.headers.get("Content-Length", "")
    return announced.isdecimal() and int(announced) > settings.ACCORD.upload_limit + MULTIPART_ROOM


class SealedFile(UploadedFile[Any]):
    """A file that lies sealed in the folder of uploads from its first byte on, until the storage moves it.

    Write it, :meth:`finish` it, then read it as it was written. Closed before it is stored, it is gone.
    """

    def __init__(self, name: str, *, key: bytes, context: bytes, **said: Any) -> None:
        self.file_key = key
        self._context = context
        handle, path = mkstemp(suffix=".upload", dir=settings.FILE_UPLOAD_TEMP_DIR)
        self._path = Path(path)
        self._raw = cast("BinaryIO", os.fdopen(handle, "w+b", buffering=0))
        # The file of an object that is forgotten goes, too; one that was moved into the storage is another file by now.
        weakref.finalize(self, self._path.unlink, missing_ok=True)
        self._writer = SealedWriter(self._raw, key, context=context)
        super().__init__(cast("Any", self._raw), name, size=0, **said)

    def write(self, data: ReadableBuffer) -> int:
        return self._writer.write(data)

    def finish(self) -> None:
        self._writer.finish()
        self.size = self._writer.size
        self.file = cast("Any", sealed_reader(self._raw, self.file_key, context=self._context))

    def temporary_file_path(self) -> str:
        return str(self._path)

    def close(self) -> None:
        self._raw.close()
        self._path.unlink(missing_ok=True)


class SealedUpload(SealedFile):
    """What somebody uploaded; ``sha256`` is of the bytes as they came."""

    def __init__(self, name: str, **said: Any) -> None:
        super().__init__(name, key=new_file_key(), context=CONTEXT, **said)
        self._digest = hashlib.sha256()

    def write(self, data: ReadableBuffer) -> int:
        self._digest.update(data)
        return super().write(data)

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()


def sealed_upload(upload: UploadedFile[Any]) -> SealedUpload:
    """The same file, sealed: an upload over HTTP is so already, what a program hands over is not."""
    if isinstance(upload, SealedUpload):
        return upload
    sealed = SealedUpload(upload.name or "file", content_type=upload.content_type)
    for piece in upload.chunks(PIECE_BYTES):
        sealed.write(piece)
    sealed.finish()
    return sealed


def opened_upload(raw: BinaryIO, key: bytes) -> BinaryIO:
    """The bytes of a stored upload as they came; closing it closes ``raw``. Raises TamperedError."""
    return sealed_reader(raw, key, context=CONTEXT)


class SealingUploadHandler(FileUploadHandler):
    """Seals and hashes each file of a request on its way to the disk."""

    chunk_size = PIECE_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._file = SealedUpload(
            self.file_name or "file",
            content_type=self.content_type,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
        self._room = settings.ACCORD.upload_limit

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._room -= len(raw_data)
        if self._room >= 0:
            with self._whole_or_gone():
                self._file.write(raw_data)
        # Past the limit the size that Django counts says so, and whoever takes the file refuses it.

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        with self._whole_or_gone():
            self._file.finish()
        self._file.size = file_size
        return self._file

    @contextmanager
    def _whole_or_gone(self) -> Iterator[None]:
        """When the disk is full, what there is of the file is only in the way."""
        try:
            yield
        except OSError:
            self._file.close()
            raise

    def upload_interrupted(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
