"""The files of notices: frozen with a version for the public, and as they are drafted for members."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django_scopes import scope

from consent.notices.errors import NoticeFileLostError
from consent.notices.file_blocks import only_own
from consent.notices.models import NoticeFile
from consent.notices.structure import AttachedFile, Notice
from consent.notices.wagtail_files import NoticeDocument, NoticePicture
from portal.errors import NotFoundError
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Organisation

FOLDER = "notice-files"
NAMED = re.compile(r"SHA-256 ([0-9a-f]{64})\b")

log = structlog.get_logger(__name__)


def public_address(organisation: Organisation) -> Callable[[AttachedFile], str]:
    """Where everybody reads what is published. Without the host: a version outlives its name."""
    return lambda file: f"/n/{organisation.slug}/files/{file.sha256}"


def with_host(html: str) -> str:
    """A frozen text for the pages of somebody else, where our addresses need our host."""
    return html.replace('="/n/', f'="{absolute("/n/")}')


def draft_address(organisation: Organisation) -> Callable[[AttachedFile], str]:
    """Where members read it, published or not."""
    return lambda file: organisation_url(organisation, "consent:notice_file", digest=file.sha256)


def keep_files(organisation: Organisation, notice: Notice, at: datetime) -> None:
    """Copy what this notice shows to where nobody changes it; raises ``notice_file_lost``. In freezing's transaction.

    A transaction that fails leaves bytes without a row, which nothing shows and the next attempt doesn't mind.
    """
    for file in notice.files:
        digest = bytes.fromhex(file.sha256)
        kept = NoticeFile.objects.filter(organisation=organisation, digest=digest).first()
        if kept is not None and whole(kept.file, digest) is not None:
            continue
        content = drafted(organisation, digest)
        if content is None:
            raise NoticeFileLostError
        if kept is not None:
            put_back(kept, content)
            continue
        row = NoticeFile(
            organisation=organisation,
            digest=digest,
            name=file.name,
            media_type=file.media_type,
            size=len(content),
            file=default_storage.save(f"{FOLDER}/{organisation.pk}/{file.sha256}", ContentFile(content)),
            frozen_at=at,
        )
        NoticeFile.objects.bulk_create([row], ignore_conflicts=True)  # another notice may freeze the same just now


def put_back(row: NoticeFile, content: bytes) -> None:
    """The storage had lost these bytes, or had others: the row is never changed, so they come back under its name."""
    name = str(row.file.name)
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def frozen_file(organisation: Organisation, digest: str) -> tuple[AttachedFile, bytes]:
    """What a version froze; raises ``not_found``, also when the storage has lost it or holds something else."""
    with scope(organisation=organisation):
        row = NoticeFile.objects.filter(organisation=organisation, digest=bytes.fromhex(digest)).first()
    if row is None:
        raise NotFoundError
    content = whole(row.file, bytes(row.digest))
    if content is None:
        raise NotFoundError
    return AttachedFile(digest, row.name, row.media_type, row.size), content


def file_of_members(organisation: Organisation, digest: str) -> tuple[AttachedFile, bytes]:
    """The same for members, to whom drafts are shown, too; in the organisation's scope."""
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        raise NotFoundError from None
    for model in (NoticePicture, NoticeDocument):
        row = only_own(model.objects.filter(sha256=wanted)).first()
        content = whole(row.file, wanted) if row else None
        if row and content is not None:
            return row.attached, content
    return frozen_file(organisation, digest)


def files_shown(organisation: Organisation, text: str) -> dict[str, bytes]:
    """What the text of a version names: ``{sha256}-{name}`` -> bytes, without what the storage has lost."""
    digests = [bytes.fromhex(digest) for digest in dict.fromkeys(NAMED.findall(text))]
    if not digests:
        return {}
    with scope(organisation=organisation):
        rows = list(NoticeFile.objects.filter(organisation=organisation, digest__in=digests))
    found = {f"{bytes(row.digest).hex()}-{row.name}": whole(row.file, bytes(row.digest)) for row in rows}
    return {name: content for name, content in found.items() if content is not None}


def drafted(organisation: Organisation, digest: bytes) -> bytes | None:
    """The bytes of a picture or document in the organisation's collection."""
    with scope(organisation=organisation):
        for model in (NoticePicture, NoticeDocument):
            for row in only_own(model.objects.filter(sha256=digest)):
                content = whole(row.file, digest)
                if content is not None:
                    return content
    return None


def whole(file: FieldFile, digest: bytes) -> bytes | None:
    """The stored bytes if they are those the digest names; what is not is told in the log and shown to nobody."""
    try:
        with file.open("rb") as opened:
            content: bytes = opened.read()
    except OSError:
        log.error("notice_file_lost", digest=digest.hex())
        return None
    if hashlib.sha256(content).digest() != digest:
        log.error("notice_file_altered", digest=digest.hex())
        return None
    return content
