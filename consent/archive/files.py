"""Scans and recordings in the archive: what opens them, and how they go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, cast

from django.db.models.functions import Greatest

from consent.archive.models import ArchivedFile
from consent.collection.models import EvidenceFile
from consent.collection.scans import delete_after_commit, file_key_of
from portal.crypto import KeyPurpose, TamperedError, sealer
from portal.organisations.models import Organisation
from portal.uploads import opened_upload

PIECE_BYTES = 256 * 1024


def move_files(
    organisation: Organisation,
    contact_id: int,
    scans: Sequence[EvidenceFile],
    *,
    reason: str,
    by: str,
    now: datetime,
    keep_until: datetime,
) -> dict[bytes, ArchivedFile]:
    """Put these scans under the archive's key, in the caller's transaction; all that the archive has of the person, by
    digest.

    The key moves, the bytes stay. Each file is sealed under a random key that opens nothing else and is kept nowhere
    but in its row, itself sealed (``portal.uploads``). Sealing that key anew with the archive's, and deleting the row
    that held it under the active one, leaves the bytes to the archive's key alone: as good as writing the file again,
    and better in three ways. It takes no time, whatever the size; it is done or undone with the erasure's transaction,
    so that no crash leaves a file that two keys open or none; and the plain bytes are never in memory. What somebody
    read before, or what lies in a backup of that day, neither way takes back.
    """
    known = {bytes(row.digest): row for row in files_of(organisation, contact_id)}
    archive = sealer(organisation.pk, KeyPurpose.ARCHIVE)
    new = [
        ArchivedFile(
            organisation=organisation,
            contact_number=contact_id,
            digest=bytes(scan.digest),
            media_type=scan.media_type,
            size=scan.size,
            file=scan.file.name,
            file_key=archive.seal(file_key_of(scan), context=place_of_file(contact_id, bytes(scan.digest))),
            reason=reason,
            archived_by=by,
            archived_at=now,
            keep_until=keep_until,
        )
        for scan in scans
    ]
    ArchivedFile.objects.bulk_create(new)
    EvidenceFile.objects.filter(pk__in=[scan.pk for scan in scans]).delete()
    return {**known, **{bytes(row.digest): row for row in new}}


def place_of_file(contact_id: int, digest: bytes) -> bytes:
    """What the sealed key of a file is bound to."""
    return f"archived-file:{contact_id}:{digest.hex()}".encode()


def files_of(organisation: Organisation, contact_id: int) -> list[ArchivedFile]:
    """What the archive holds of one person. Index: archived_files_by_contact."""
    return list(ArchivedFile.objects.filter(organisation=organisation, contact_number=contact_id).order_by("pk"))


def keep_files(files: Mapping[bytes, ArchivedFile], *, until: datetime) -> None:
    """Keep files at least as long as a document that names them."""
    ids = [row.pk for row in files.values()]
    ArchivedFile.objects.filter(pk__in=ids).update(keep_until=Greatest("keep_until", until))


def drop_archived_files(rows: Sequence[ArchivedFile]) -> int:
    """Destroy files with their rows; in the caller's transaction, the bytes after its commit."""
    ArchivedFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
    delete_after_commit([row.file.name or "" for row in rows])
    return len(rows)


def opened_file(row: ArchivedFile) -> BinaryIO:
    """The bytes as they came. Raises TamperedError."""
    context = place_of_file(row.contact_number, bytes(row.digest))
    key = sealer(row.organisation_id, KeyPurpose.ARCHIVE).open(bytes(row.file_key), context=context)
    return opened_upload(cast("BinaryIO", row.file.open("rb")), key)


def pieces_of(row: ArchivedFile) -> Iterator[bytes]:
    with opened_file(row) as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def require_whole(row: ArchivedFile) -> None:
    """Read it once, a piece at a time; raises TamperedError for a file that is not the one the evidence names."""
    found = hashlib.sha256()
    for piece in pieces_of(row):
        found.update(piece)
    if found.digest() != bytes(row.digest):
        raise TamperedError
