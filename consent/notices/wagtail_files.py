"""Pictures and documents as Wagtail keeps them: in the collection of the organisation whose they are.

Their bytes never change: another picture is another row, so that what the DPO saw is what is published. They are read
behind the fence alone; the public reads what a version froze (``NoticeFile``).
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage, AbstractRendition

from consent.notices.documents import MEDIA_TYPES as DOCUMENT_TYPES
from consent.notices.pictures import MEDIA_TYPES as PICTURE_TYPES
from consent.notices.structure import AttachedFile

FOLDER = "notice-drafts"
LONGEST_NAME = 48


def plain_name(name: str, extension: str) -> str:
    """A name that any system can keep: letters, digits, dots and hyphens, with the extension of what it is."""
    stem = re.sub(r"[^\w-]+", "-", PurePath(name).stem).strip("-_")
    return f"{stem[: LONGEST_NAME - len(extension) - 1] or 'file'}.{extension}"


def draft_path(instance: object, filename: str) -> str:
    """Nobody guesses it, and no two files share a folder, so each keeps its name."""
    return f"{FOLDER}/{uuid4().hex}/{PurePath(filename).name}"


class NoticePicture(AbstractImage):
    """No tags: Wagtail has one list of them for everybody. No description: the words stand in the notice."""

    sha256 = models.BinaryField(max_length=32, editable=False)

    admin_form_fields = ("title", "file")
    search_fields: list[Any] = []

    class Meta(AbstractImage.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        default_permissions = ()

    def get_upload_to(self, filename: str) -> str:
        return draft_path(self, filename)

    @property
    def attached(self) -> AttachedFile:
        media_type = PICTURE_TYPES.get(self.filename.rpartition(".")[2], "application/octet-stream")
        digest = bytes(self.sha256).hex()
        return AttachedFile(digest, self.filename, media_type, self.file_size or 0, self.width, self.height)


class NoticeRendition(AbstractRendition):
    """A thumbnail for the editor."""

    image = models.ForeignKey(NoticePicture, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "filter_spec", "focal_point_key"], name="unique_rendition")
        ]
        default_permissions = ()

    def get_upload_to(self, filename: str) -> str:
        return draft_path(self, filename)

    @property
    def url(self) -> str:
        return reverse("cms_rendition", args=[self.pk])


class NoticeDocument(AbstractDocument):
    file = models.FileField(_("file"), upload_to=draft_path)
    sha256 = models.BinaryField(max_length=32, editable=False)

    admin_form_fields = ("title", "file")
    search_fields: list[Any] = []

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        default_permissions = ()

    @property
    def url(self) -> str:
        return reverse("cms_document", args=[self.pk])

    @property
    def attached(self) -> AttachedFile:
        media_type = DOCUMENT_TYPES.get(self.file_extension, "application/octet-stream")
        return AttachedFile(bytes(self.sha256).hex(), self.filename, media_type, self.file_size or 0)
