"""How a picture or document comes in: checked by content, made anew or taken as it is, and noted in the audit log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.forms import BaseImageForm
from wagtail.models import Collection

from consent.notices.deciding import member_actor
from consent.notices.documents import MEDIA_TYPES as DOCUMENT_TYPES
from consent.notices.documents import MOST_BYTES, checked_document
from consent.notices.file_blocks import collection_name
from consent.notices.pictures import MEDIA_TYPES as PICTURE_TYPES
from consent.notices.pictures import MOST_UPLOADED, picture_of
from consent.notices.wagtail_files import NoticeDocument, NoticePicture, plain_name
from portal import audit
from portal.errors import InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability


class CheckedField(forms.FileField):
    """The upload becomes the very bytes that are kept, with a name any system can keep."""

    most_bytes: int
    extensions: tuple[str, ...]
    kept: Callable[[bytes, str], SimpleUploadedFile]
    """What is kept of some bytes with this name; raises ``invalid_input``."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """What the browser offers first; what counts is the content."""
        return {**super().widget_attrs(widget), "accept": ",".join(f".{each}" for each in self.extensions)}

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = super().clean(data, initial)
        if not isinstance(data, UploadedFile):
            return given
        content = data.open().read(self.most_bytes + 1)
        try:
            return self.kept(content, data.name or "file")
        except InvalidInputError as error:
            raise ValidationError(str(error.detail), code=error.errors[0].code) from None


def kept_picture(content: bytes, name: str) -> SimpleUploadedFile:
    made = picture_of(content)
    return SimpleUploadedFile(plain_name(name, made.extension), made.content, PICTURE_TYPES[made.extension])


def kept_document(content: bytes, name: str) -> SimpleUploadedFile:
    extension = checked_document(content, name)
    return SimpleUploadedFile(plain_name(name, extension), content, DOCUMENT_TYPES[extension])


class PictureField(CheckedField):
    most_bytes = MOST_UPLOADED
    extensions = (*PICTURE_TYPES, "jpeg")
    kept = staticmethod(kept_picture)


class DocumentField(CheckedField):
    most_bytes = MOST_BYTES
    extensions = tuple(DOCUMENT_TYPES)
    kept = staticmethod(kept_document)


class OwnFileForm:
    """In the organisation's collection and no other; the bytes are chosen once."""

    instance: Any
    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.get("user")
        super().__init__(*args, **kwargs)
        self.fields.pop("collection", None)
        if self.instance.pk:
            self.fields.pop("file", None)

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        organisation = get_scope()["organisation"]
        actor = member_actor(self.user, organisation)
        actor.require(Capability.NOTICES_EDIT)
        self.collections = Collection.objects.filter(name=collection_name(organisation.pk))
        is_new = self.instance.pk is None
        if is_new:
            uploaded = self.cleaned_data["file"]
            self.instance.sha256 = hashlib.sha256(uploaded.read()).digest()
            uploaded.seek(0)
        saved = super().save(commit=commit)  # type: ignore[misc]
        note_file(actor, "added" if is_new else "renamed", saved, organisation)
        return saved


class PictureForm(OwnFileForm, BaseImageForm):
    file = PictureField(
        label=_("File"),
        widget=BaseImageForm.Meta.widgets["file"],
        help_text=_(
            "PNG, JPEG or WebP, 5 MB and 24 million pixels at most. It is made anew, at most 1600 pixels wide."
        ),
    )


class DocumentForm(OwnFileForm, BaseDocumentForm):
    file = DocumentField(
        label=_("File"),
        widget=BaseDocumentForm.Meta.widgets["file"],
        help_text=_(
            "PDF, text or CSV in UTF-8, ODT or DOCX, 5 MB at most. It is handed out as it is, with what is in it."
        ),
    )


def note_file(actor: Actor, what: str, row: NoticePicture | NoticeDocument, organisation: Organisation) -> None:
    kind = "picture" if isinstance(row, NoticePicture) else "document"
    audit.record(
        actor=actor,
        action=f"notice_{kind}.{what}",
        target_type=f"notice_{kind}",
        target_id=row.pk,
        organisation=organisation,
        details={"file": row.filename, "sha256": bytes(row.sha256).hex()},
    )
