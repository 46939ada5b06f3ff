"""Scans and recordings that prove an answer: stored sealed, each under a key of its own; read again, and let go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, cast
from uuid import uuid4

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from consent.collection.models import CollectionPoint, EvidenceFile
from portal.crypto import open_sealed, seal
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.uploads import opened_upload, sealed_upload
from subscribers.imports.passport.documents import checked_type

FOLDER = "evidence-files"


def kept_scan(actor: Actor, point: CollectionPoint, upload: UploadedFile[Any], now: datetime) -> EvidenceFile:
    """An unsaved row whose file is stored, sealed under a key of its own.

    Raises ``document_type`` or ``document_too_large``.
    """
    media_type = checked_type(upload)
    sealed = sealed_upload(upload)
    return EvidenceFile(
        organisation=point.organisation,
        digest=sealed.sha256,
        media_type=media_type,
        size=sealed.size or 0,
        file=default_storage.save(f"{FOLDER}/{point.organisation_id}-{uuid4().hex}", sealed),
        file_key=seal(point.organisation, sealed.file_key, context=key_context(point.organisation_id)),
        added_by_id=actor.user_id,
        added_at=now,
    )


def key_context(organisation_id: int) -> bytes:
    return f"evidence-file:{organisation_id}".encode()


def file_key_of(scan: EvidenceFile) -> bytes:
    """The key that opens the stored bytes; the organisation's data key opens it. Raises TamperedError."""
    return open_sealed(scan.organisation_id, bytes(scan.file_key), context=key_context(scan.organisation_id))


def paper_content(organisation: Organisation, digest: bytes) -> bytes | None:
    """The file with this SHA-256, None when there is none (any more). Few files are papers: they are looked through."""
    found = EvidenceFile.objects.filter(organisation=organisation, digest=digest).first()
    if found is None:
        return None
    with opened_upload(cast("BinaryIO", found.file.open("rb")), file_key_of(found)) as content:
        return content.read()


def scans_of(organisation: Organisation, contact_ids: Sequence[int]) -> list[EvidenceFile]:
    """What proves the answers of these people. Index: evidence_files_of_contacts."""
    found = EvidenceFile.objects.filter(organisation=organisation, contact__in=contact_ids)
    return list(found.order_by("pk"))


def drop_files(ids: Sequence[int]) -> int:
    """Destroy stored files with their rows; in the caller's transaction, the bytes after its commit."""
    files = list(EvidenceFile.objects.filter(pk__in=ids)) if ids else []
    EvidenceFile.objects.filter(pk__in=[file.pk for file in files]).delete()
    delete_after_commit([file.file.name or "" for file in files])
    return len(files)


def delete_after_commit(names: Sequence[str]) -> None:
    """Delete stored files once the rows that named them are gone for good.

    What a crash in between leaves is swept (``consent.archive.sweeping``).
    """
    for name in filter(None, names):
        transaction.on_commit(lambda name=name: default_storage.delete(name), robust=True)  # type: ignore[misc]
