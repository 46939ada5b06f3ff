"""Uploads: streamed to storage and hashed on the way, then looked into."""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from subscribers.fields.models import Field
from subscribers.imports.mapping import guess_mapping
from subscribers.imports.models import Import
from subscribers.imports.problems import FileTooLargeError
from subscribers.imports.reading import FileFormat, inspect_file, preview_rows


def digest_of(upload: UploadedFile) -> bytes:
    """SHA-256 of an upload, known already if it came over HTTP; FileTooLargeError past the limit of the settings."""
    if (upload.size or 0) > settings.ACCORD.upload_limit:
        raise FileTooLargeError
    known = getattr(upload, "sha256", None)
    if known is not None:
        return bytes(known)
    digest = hashlib.sha256()
    for piece in upload.chunks(1024 * 1024):
        digest.update(piece)
    upload.seek(0)
    return digest.digest()


def safe_name(name: str | None) -> str:
    return PurePath((name or "file.csv").replace("\\", "/")).name.replace("\0", "")[:200] or "file.csv"


def file_format(
    stream: BinaryIO, size: int, *, encoding: str | None = None, delimiter: str | None = None
) -> FileFormat:
    return inspect_file(
        stream,
        size=size,
        encoding=encoding or None,
        delimiter=delimiter or None,
        most_columns=settings.ACCORD.import_columns_limit,
    )


def stored_format(source: Import, stream: BinaryIO) -> FileFormat:
    return file_format(stream, source.file_size, encoding=source.encoding, delimiter=source.delimiter)


def guessed(stream: BinaryIO, file: FileFormat) -> dict[str, str | None]:
    """The mapping that the names and the first rows of a file suggest, given the declared fields."""
    fields = dict(Field.objects.values_list("key", "label"))
    return guess_mapping(file.columns, preview_rows(stream, file), fields).mapping


def preview(source: Import) -> list[list[str]]:
    """The first rows of a stored file, as it is read now."""
    with source.file.open("rb") as opened:
        stream = cast("BinaryIO", opened)
        return preview_rows(stream, stored_format(source, stream))


def discard_file(source: Import) -> None:
    """Delete the file of an import that has ended, once that is committed: its rows are contacts now, or rejects.

    The digest stays as proof of which bytes were imported. A copy that nobody reads would only be one more place to
    erase people from (G 5(1)(e)).
    """
    name, storage = source.file.name or "", source.file.storage

    def discard() -> None:
        storage.delete(name)
        Import.objects.filter(pk=source.pk).update(file="")

    if name:
        transaction.on_commit(discard, robust=True)
