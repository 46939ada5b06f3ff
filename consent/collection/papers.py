"""Reading a stored scan again: for the bundle of proofs, which puts it beside the evidence that names it."""

from __future__ import annotations

from typing import BinaryIO, cast

from consent.collection.models import EvidenceFile
from consent.collection.reporting import key_context
from portal.crypto import open_sealed
from portal.organisations.models import Organisation
from portal.uploads import opened_upload


def paper_of(organisation: Organisation, digest: bytes) -> bytes | None:
    """The scan with this SHA-256, as it came; None when nobody has it any more. Raises TamperedError."""
    file = EvidenceFile.objects.filter(organisation=organisation, digest=digest).order_by("pk").first()
    if file is None:
        return None
    key = open_sealed(organisation, bytes(file.file_key), context=key_context(organisation.pk))
    with opened_upload(cast("BinaryIO", file.file.open("rb")), key) as stream:
        return stream.read()
