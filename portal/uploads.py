"""Uploads go to disk as they come, hashed on the way; of one that is too large no more is kept than the limit."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest

MULTIPART_ROOM = 1024**2  # boundaries and the other parts beside a file of the largest size


def announced_too_large(request: HttpRequest) -> bool:
    """Whether a body is above the limit by its own account: known before a byte of it is read."""
    announced = request.headers.get("Content-Length", "")
    return announced.isdecimal() and int(announced) > settings.ACCORD.upload_limit + MULTIPART_ROOM


class HashingUploadHandler(TemporaryFileUploadHandler):
    """Leaves the SHA-256 of the file in its attribute ``sha256``: a large file needs not be read a second time."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._digest = hashlib.sha256()
        self._room = settings.ACCORD.upload_limit

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._room -= len(raw_data)
        if self._room < 0:
            return  # the size that Django counts says that it is too large, and whoever takes the file refuses it
        self._digest.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        file = super().file_complete(file_size)
        vars(file)["sha256"] = self._digest.digest()
        return file
