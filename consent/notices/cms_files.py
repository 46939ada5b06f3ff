"""Wagtail's lists and forms of pictures and documents, narrowed to the organisation whose scope the fence entered.

Groups say the same of whoever works for one organisation; of whoever works for several they say "any of these".
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope
from wagtail.documents.views import documents as wagtail_documents
from wagtail.images.views import images as wagtail_images

from consent.notices.deciding import member_actor
from consent.notices.file_answers import MEMBERS_ONLY, file_answer
from consent.notices.file_blocks import only_own
from consent.notices.file_forms import note_file
from consent.notices.pictures import MEDIA_TYPES as PICTURE_TYPES
from consent.notices.structure import AttachedFile
from consent.notices.wagtail_files import NoticeDocument, NoticeRendition


class OwnList:
    """Searched by title; without boxes to tick, since there is nothing to do to many at once."""

    search_backend_name = None
    search_fields = ["title"]
    filterset_class = None
    is_searchable = True
    show_other_searches = False
    model: Any

    def get_base_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_base_queryset()  # type: ignore[misc]
        return only_own(rows)


class Pictures(OwnList, wagtail_images.IndexView):
    page_title = _("Pictures")
    add_item_label = _("Add a picture")
    add_url_name = "wagtailimages:add"

    @property
    def columns(self) -> list[Any]:
        return [each for each in super().columns if each.name not in ("bulk_actions", "collection")]


class Documents(OwnList, wagtail_documents.IndexView):
    page_title = _("Documents")
    add_url_name = "wagtaildocs:add"

    @property
    def columns(self) -> list[Any]:
        return [each for each in super().columns if each.name not in ("bulk_actions", "collection")]


class PictureEdit(wagtail_images.EditView):
    """Of the title: another picture is another row. Without the cropping that Wagtail's page is made for."""

    template_name = "consent/cms/picture_edit.html"


class DocumentEdit(wagtail_documents.EditView):
    """Of the title."""


class Deletion:
    """What a published version shows has its own copy and stays."""

    request: HttpRequest
    object: Any

    def delete_action(self) -> None:
        organisation = get_scope()["organisation"]
        with transaction.atomic():
            note_file(member_actor(self.request.user, organisation), "deleted", self.object, organisation)
            super().delete_action()  # type: ignore[misc]


class PictureDelete(Deletion, wagtail_images.DeleteView):
    page_title = _("Delete the picture")


class DocumentDelete(Deletion, wagtail_documents.DeleteView):
    page_title = _("Delete the document")


def rendition(request: HttpRequest, rendition_id: int) -> HttpResponse:
    """A thumbnail; the fence has made sure that it is this person's to see."""
    found = NoticeRendition.objects.get(pk=rendition_id)
    name = PurePath(found.file.name).name
    media_type = PICTURE_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return bytes_of(found, AttachedFile("", name, media_type, 0))


def document(request: HttpRequest, document_id: int) -> HttpResponse:
    found = NoticeDocument.objects.get(pk=document_id)
    return bytes_of(found, found.attached)


def bytes_of(row: NoticeRendition | NoticeDocument, file: AttachedFile) -> HttpResponse:
    try:
        with row.file.open("rb") as opened:
            return file_answer(file, opened.read(), caching=MEMBERS_ONLY)
    except FileNotFoundError:
        raise Http404 from None
