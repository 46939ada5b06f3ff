"""Pictures and documents for the tests of notices, made in memory, and how the editor's pages take them."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope
from PIL import Image

from consent.notices.actions import save_draft
from consent.notices.documents import MEDIA_TYPES, WORD_DOCUMENT
from consent.notices.wagtail_files import NoticeDocument, NoticePicture
from consent.notices.wagtail_models import NoticePage
from portal.accounts.models import User
from portal.organisations.models import Organisation
from tests.people import actor_of, client_of

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (120, 80), colour: str = "teal", **saved: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **saved)
    return written.getvalue()


def archive(**members: bytes) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return written.getvalue()


def odt(**more: bytes) -> bytes:
    return archive(mimetype=MEDIA_TYPES["odt"].encode(), **more)


def docx(**more: bytes) -> bytes:
    return archive(**{"[Content_Types].xml": b"<Types>" + WORD_DOCUMENT + b"</Types>"}, **more)


def upload_picture(client: Client, content: bytes | None = None, name: str = "team.png", **fields: str) -> Any:
    file = SimpleUploadedFile(name, picture() if content is None else content)
    return client.post("/cms/images/add/", {"title": "Our team", "file": file, **fields})


def upload_document(client: Client, content: bytes = PDF, name: str = "policy.pdf", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post("/cms/documents/add/", {"title": "Our policy", "file": file, **fields})


def own_picture(user: User, **given: Any) -> NoticePicture:
    """A picture that this member uploaded."""
    answer = upload_picture(client_of(user), **given)
    assert answer.status_code == 302, answer.content
    return NoticePicture.objects.latest("pk")


def own_document(user: User, **given: Any) -> NoticeDocument:
    answer = upload_document(client_of(user), **given)
    assert answer.status_code == 302, answer.content
    return NoticeDocument.objects.latest("pk")


def shown_picture(chosen: NoticePicture, alternative: str = "Three people at a table", **more: Any) -> dict[str, Any]:
    """A line of the notice's pictures as the editor saves it."""
    return {"picture": chosen.pk, "alternative": alternative, "decorative": False, "place": "summary", **more}


def with_files(organisation: Organisation, author: User, page: NoticePage, **lists: Any) -> NoticePage:
    """The draft with these pictures and documents in every language."""
    blocks = [
        {"type": block["type"], "value": {**block["value"], **lists}, "id": block.get("id")}
        for block in page.get_latest_revision_as_object().wordings.raw_data
    ]
    with scope(organisation=organisation):
        return save_draft(actor=actor_of(author, organisation), page=page, wordings=json.dumps(blocks))
