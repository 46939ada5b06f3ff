"""The stored files of an import: sealed under a key of its own, opened to be read, destroyed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal.crypto import TamperedError, open_sealed, seal
from portal.crypto.files import sealed_reader
from portal.uploads import SealedFile, SealedUpload, opened_upload, sealed_upload
from subscribers.imports.models import FileKind, Import
from subscribers.imports.problems import FileDestroyedError, FileTooLargeError
from subscribers.imports.reading.blocks import FileFormat
from subscribers.imports.reading.inspecting import inspect_file
from subscribers.imports.reading.streaming import PREVIEW_ROWS, preview_rows

FOLDER = "imports"
ORIGINAL, TABLE = "original", "table"


def received(upload: UploadedFile) -> SealedUpload:
    """An upload as it is stored: sealed, with its SHA-256. FileTooLargeError past the limit of the settings."""
    if (upload.size or 0) > settings.ACCORD.upload_limit:
        raise FileTooLargeError
    return sealed_upload(upload)


def safe_name(name: str | None) -> str:
    return PurePath((name or "file.csv").replace("\\", "/")).name.replace("\0", "")[:200] or "file.csv"


@contextmanager
def stored_with(source: Import, upload: SealedUpload) -> Iterator[None]:
    """Keep the upload as the file of an import that has its row; if what follows fails, nothing is kept."""
    key = seal(source.organisation_id, upload.file_key, context=key_context(source))
    source.file_key = key
    try:
        source.file = default_storage.save(f"{folder_of(source)}/{ORIGINAL}", upload)
        yield
    except BaseException:
        delete_tree(folder_of(source))
        raise


@contextmanager
def open_table(source: Import) -> Iterator[BinaryIO]:
    """What is to be read: the file as it came, or the table it was turned into.

    Raises FileDestroyedError and TamperedError.
    """
    table = PurePath(source.table.name or "").name
    with open_sealed_file(source, table) if table else open_original(source) as stream:
        yield stream


@contextmanager
def open_original(source: Import) -> Iterator[BinaryIO]:
    """The file as it came. Raises FileDestroyedError and TamperedError."""
    if not source.file:
        raise FileDestroyedError
    with closing(opened_upload(opened(source.file.name or ""), key_of(source))) as stream:
        yield stream


def table_size(source: Import) -> int:
    """How many bytes :func:`open_table` gives."""
    return source.table_size if source.table else source.file_size


def new_sealed_file(source: Import, name: str) -> SealedFile:
    """A file of this import that is being written; it is kept under its name, or closed and gone."""
    return SealedFile(name, key=key_of(source), context=name.encode())


def keep_table(source: Import, file: SealedFile | None) -> None:
    """Read this table from now on, or the file as it came; the row is not saved. An earlier table goes on commit."""
    earlier = source.table.name
    source.table, source.table_size = "", 0
    if file is not None:
        with closing(file):
            source.table = default_storage.save(f"{folder_of(source)}/{file.name}", file)
            source.table_size = file.size or 0
    if earlier:
        transaction.on_commit(lambda: default_storage.delete(earlier), robust=True)


@contextmanager
def sealed_writer(source: Import, name: str) -> Iterator[SealedFile]:
    """Write a further file of this import. Once the block has ended well it takes the place of one of this name."""
    with closing(new_sealed_file(source, name)) as file:
        yield file
        file.finish()
        path = f"{folder_of(source)}/{name}"
        default_storage.delete(path)
        default_storage.save(path, file)


@contextmanager
def open_sealed_file(source: Import, name: str) -> Iterator[BinaryIO]:
    """Read what :func:`sealed_writer` wrote. Raises FileNotFoundError and TamperedError."""
    raw = opened(f"{folder_of(source)}/{name}")
    with closing(sealed_reader(raw, key_of(source), context=name.encode())) as stream:
        yield stream


def folder_of(source: Import) -> str:
    return f"{FOLDER}/{source.pk}"


def opened(path: str) -> BinaryIO:
    return cast("BinaryIO", default_storage.open(path, "rb").file)


def key_of(source: Import) -> bytes:
    if source.file_key is None:
        raise TamperedError
    return open_sealed(source.organisation_id, bytes(source.file_key), context=key_context(source))


def key_context(source: Import) -> bytes:
    return b"import-file" + bytes(source.file_digest)


def file_format(stream: BinaryIO, size: int, **given: Any) -> FileFormat:
    """How a file is written; see `inspect_file`."""
    return inspect_file(stream, size=size, most_columns=settings.ACCORD.import_columns_limit, **given)


def stored_format(source: Import, stream: BinaryIO) -> FileFormat:
    """How the table of an import is written, as it was found or chosen; the rest is detected again, to the same end."""
    return file_format(
        stream,
        table_size(source),
        encoding=source.encoding,
        delimiter=source.delimiter,
        quote=source.quote,
        header=source.header,
        skipped=source.skipped_lines,
        folded=source.file_kind != FileKind.CSV,
    )


def preview(source: Import, most: int = PREVIEW_ROWS) -> list[list[str]]:
    """The first rows of a stored file, as it is read now."""
    with open_table(source) as stream:
        return preview_rows(stream, stored_format(source, stream), most)


def discard_file(source: Import) -> None:
    """Destroy all files of an import that has ended, and their key, once that is committed.

    Its rows are contacts now, or rejects; the digest stays as proof of which bytes were imported, and the documents of
    its passport stay, too. A copy that nobody reads would only be one more place to erase people from (G 5(1)(e)).
    """

    def discard() -> None:
        delete_tree(folder_of(source))
        Import.objects.filter(pk=source.pk).update(file="", table="", file_key=None)

    if source.file:
        transaction.on_commit(discard, robust=True)


def delete_tree(path: str) -> None:
    """Delete a file of the storage, or a folder with all that is in it; it may be gone already."""
    try:
        folders, files = default_storage.listdir(path)
    except (NotADirectoryError, FileNotFoundError):
        folders, files = [], []
    for name in (*folders, *files):
        delete_tree(f"{path}/{name}")
    default_storage.delete(path)
