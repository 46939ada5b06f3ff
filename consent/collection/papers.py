"""The scans and recordings behind evidence, read again for those who may."""

from __future__ import annotations

from typing import BinaryIO, cast

from consent.collection.models import EvidenceFile
from consent.collection.reporting import key_context
from consent.proofs.attachments import register_attachments
from portal.crypto import open_sealed
from portal.organisations.models import Organisation
from portal.uploads import opened_upload


def register() -> None:
    register_attachments("collection", paper_content)


def paper_content(organisation: Organisation, digest: bytes) -> bytes | None:
    """The file with this SHA-256, None when there is none (any more). Few files are papers: they are looked through."""
    found = EvidenceFile.objects.filter(organisation=organisation, digest=digest).first()
    if found is None:
        return None
    key = open_sealed(organisation, bytes(found.file_key), context=key_context(organisation.pk))
    with opened_upload(cast("BinaryIO", found.file.open("rb")), key) as content:
        return content.read()
