"""The documents of an import's passport: what proves where its people come from, kept encrypted (I-02).

Each is sealed under a random key of its own, which is sealed for the organisation; its SHA-256 stands in the proof of
the import. They are given out as downloads only, whatever they are, and who took one is noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import BinaryIO, cast
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.crypto import open_sealed, seal
from portal.errors import DomainError, NotFoundError, PermissionDeniedError
from portal.organisations.actors import Actor
from portal.organisations.roles import Capability
from portal.uploads import opened_upload, sealed_upload
from subscribers.imports.models import DocumentKind, Import, ImportDocument
from subscribers.imports.passport.declaring import require_changeable
from subscribers.imports.passport.rules import is_quarantined
from subscribers.imports.passport.warnings import passport_warnings

FOLDER = "import-documents"
MOST_DOCUMENTS = 50
PIECE_BYTES = 256 * 1024
TEXT_BYTES = 1024 * 1024  # of a list of partners that are looked through for our name
A_DAY = timedelta(days=1)
# By the ending of the name; the bytes must begin as such files do. Nothing of it is ever shown in a page of ours.
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    ".webp": ("image/webp", (b"RIFF",)),
    ".txt": ("text/plain", ()),
    ".csv": ("text/csv", ()),
    ".eml": ("message/rfc822", ()),
    ".html": ("text/html", ()),
    ".htm": ("text/html", ()),
}


class DocumentTooLargeError(DomainError):
    code = "document_too_large"
    status = 413
    title = _("This document is too large. Send it as a smaller picture or PDF.")


class DocumentTypeError(DomainError):
    code = "document_type"
    status = 422
    title = _("Send documents as PDF, picture (PNG, JPEG, GIF, WebP), text, CSV, e-mail (.eml) or saved page (.html).")


class TooManyDocumentsError(DomainError):
    code = "too_many_documents"
    status = 422
    title = _("This import has as many documents as it can hold. Put several into one PDF.")


def documents_of(source: Import) -> list[ImportDocument]:
    """In the order in which they were attached."""
    found = ImportDocument.objects.filter(organisation=source.organisation, source_import=source)
    return list(found.select_related("added_by").order_by("pk"))


def document_by_id(source: Import, document_id: int) -> ImportDocument:
    """Raises NotFoundError."""
    found = ImportDocument.objects.filter(organisation=source.organisation, source_import=source, pk=document_id)
    document = found.first()
    if document is None:
        raise NotFoundError
    return document


@transaction.atomic
def add_document(*, actor: Actor, source: Import, kind: str, upload: UploadedFile) -> ImportDocument:
    """Attach a document; also to an import that has run, since proofs are often asked for afterwards (I-04).

    Raises DocumentTooLargeError, DocumentTypeError, TooManyDocumentsError.
    """
    actor.require(Capability.IMPORTS_RUN)
    now = timezone.now()
    media_type = checked_type(upload)
    if ImportDocument.objects.filter(organisation=source.organisation, source_import=source).count() >= MOST_DOCUMENTS:
        raise TooManyDocumentsError
    document = sealed_document(source, upload)
    document.kind, document.media_type = DocumentKind(kind), media_type
    document.added_by_id, document.added_at = actor.user_id, now
    try:
        document.save()
    except Exception:
        document.file.delete(save=False)
        raise
    refresh_warnings(source)
    details = {"kind": document.kind, "digest": bytes(document.digest).hex(), "document": document.pk}
    audit.record(actor=actor, action="import.document_added", target=source, details=details, at=now)
    return document


@transaction.atomic
def remove_document(*, actor: Actor, source: Import, document_id: int) -> None:
    """Take a document away again. Once the import has started it stays, as part of the proof: ImportStartedError."""
    actor.require(Capability.IMPORTS_RUN)
    require_changeable(Import.objects.select_for_update(of=("self",)).get(pk=source.pk))
    document = document_by_id(source, document_id)
    name, details = document.file.name or "", {"kind": document.kind, "digest": bytes(document.digest).hex()}
    document.delete()
    transaction.on_commit(lambda: default_storage.delete(name), robust=True)
    refresh_warnings(source)
    audit.record(actor=actor, action="import.document_removed", target=source, details=details)


def download_document(*, actor: Actor, source: Import, document_id: int) -> tuple[ImportDocument, Iterator[bytes]]:
    """A document and its bytes; for those who import and those who check proofs. That it was taken is noted."""
    if not (actor.may(Capability.IMPORTS_RUN) or actor.may(Capability.IMPORTS_RELEASE)):
        raise PermissionDeniedError
    document = document_by_id(source, document_id)
    details = {"document": document.pk, "digest": bytes(document.digest).hex()}
    audit.record(actor=actor, action="import.document_downloaded", target=source, details=details)
    return document, pieces_of(document)


def checked_type(upload: UploadedFile) -> str:
    """The media type, by the ending of the name and the first bytes."""
    if (upload.size or 0) > settings.ACCORD.document_limit:
        raise DocumentTooLargeError
    media_type, starts = TYPES.get(PurePath(upload.name or "").suffix.lower(), ("", ()))
    upload.seek(0)
    head = upload.read(16)
    if not media_type or not head or (starts and not head.startswith(starts)):
        raise DocumentTypeError
    return media_type


def sealed_document(source: Import, upload: UploadedFile) -> ImportDocument:
    """An unsaved row whose file is stored, sealed."""
    sealed = sealed_upload(upload)
    return ImportDocument(
        organisation=source.organisation,
        source_import=source,
        name=PurePath((upload.name or "").replace("\\", "/")).name.replace("\0", "")[:200],
        size=sealed.size or 0,
        digest=sealed.sha256,
        file=default_storage.save(f"{FOLDER}/{source.pk}-{uuid4().hex}", sealed),
        file_key=seal(source.organisation, sealed.file_key, context=key_context(source.organisation_id)),
    )


def key_context(organisation_id: int) -> bytes:
    return f"import-document:{organisation_id}".encode()


def open_document(document: ImportDocument) -> BinaryIO:
    """The bytes as they came. Raises TamperedError."""
    sealed_key = bytes(document.file_key or b"")
    key = open_sealed(document.organisation_id, sealed_key, context=key_context(document.organisation_id))
    return opened_upload(cast("BinaryIO", document.file.open("rb")), key)


def pieces_of(document: ImportDocument) -> Iterator[bytes]:
    with open_document(document) as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def refresh_warnings(source: Import) -> None:
    """Note what a partner's or bought list lacks as it stands now (X-02)."""
    source.warnings = warnings_of(source)
    Import.objects.filter(pk=source.pk).update(warnings=source.warnings)


def warnings_of(source: Import) -> list[str]:
    if not is_quarantined(source.origin_kind):
        return []
    attached = documents_of(source)
    readable = [text_of(document) for document in attached if document.kind == DocumentKind.PARTNER_LIST]
    return passport_warnings(
        origin_kind=source.origin_kind,
        kinds={document.kind for document in attached},
        partners="\n".join([source.partners, *readable]),
        controller=source.organisation.name,
    )


def text_of(document: ImportDocument) -> str:
    """The beginning of a document that is text; nothing of a picture or a PDF."""
    if not document.media_type.startswith(("text/", "message/")):
        return ""
    with open_document(document) as stream:
        return stream.read(TEXT_BYTES).decode("utf-8", "replace")


def proof_of_documents(source: Import) -> list[dict[str, str]]:
    """What the proof of the import says of its documents: kind, name and SHA-256."""
    return [
        {"kind": document.kind, "name": document.name, "sha256": bytes(document.digest).hex()}
        for document in documents_of(source)
    ]


def sweep_documents(now: datetime) -> int:
    """Delete stored documents that no row names, a day old: their request died or was rolled back."""
    if not default_storage.exists(FOLDER):
        return 0
    names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    known = set(ImportDocument.objects.filter(file__in=names).values_list("file", flat=True))
    stray = [name for name in names if name not in known and default_storage.get_modified_time(name) < now - A_DAY]
    for name in stray:
        default_storage.delete(name)
    return len(stray)
