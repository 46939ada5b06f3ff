"""Pictures and documents in the editor: chosen among the organisation's own, and with words for who can't see them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

from consent.notices.structure import NO_FILE, Download, Picture

_at_hand: ContextVar[dict[type, dict[int, Any]] | None] = ContextVar("files_at_hand", default=None)


@contextmanager
def files_read_once() -> Iterator[None]:
    """While many notices of one organisation are read: its files are fetched once, not once a notice."""
    token = _at_hand.set({})
    try:
        yield
    finally:
        _at_hand.reset(token)


def collection_name(organisation_id: int) -> str:
    """Of the one Wagtail collection that holds the organisation's files."""
    return f"accord:{organisation_id}"


def own_files(model: Any) -> QuerySet[Any]:
    """Those of the organisation whose scope this is; outside any scope (commands, Wagtail's own upkeep) all."""
    return only_own(model.objects.all()) if get_scope().get("organisation") else model.objects.all()


def only_own(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of these pictures or documents, those of the organisation whose scope this is; none outside any."""
    organisation = get_scope().get("organisation")
    return rows.filter(collection__name=collection_name(organisation.pk)) if organisation else rows.none()


class OwnFiles:
    """For a chooser block: what is not the organisation's own is not there, whatever a form or a draft names."""

    model_class: Any

    def found(self, wanted: set[int]) -> dict[int, Any]:
        if not wanted:
            return {}
        at_hand = _at_hand.get()
        if at_hand is None:
            return own_files(self.model_class).in_bulk(wanted)
        if self.model_class not in at_hand:
            at_hand[self.model_class] = own_files(self.model_class).in_bulk()
        return at_hand[self.model_class]

    def bulk_to_python(self, values: Iterable[int | None]) -> list[Any]:
        numbers = list(values)
        found = self.found({number for number in numbers if number is not None})
        return [copy.copy(found[number]) if number in found else None for number in numbers]

    def to_python(self, value: int | None) -> Any:
        return self.bulk_to_python([value])[0]

    def value_from_form(self, value: Any) -> Any:
        if value is None or isinstance(value, self.model_class):
            return value
        return self.to_python(int(value)) if str(value).isdecimal() and len(str(value)) < 10 else None

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)  # type: ignore[misc]
        if chosen is not None and not own_files(self.model_class).filter(pk=chosen.pk).exists():
            raise ValidationError(_("Choose one of your own files."))
        return chosen


class PictureChooserBlock(OwnFiles, ImageChooserBlock):
    class Meta:
        icon = "image"


class FileChooserBlock(OwnFiles, DocumentChooserBlock):
    class Meta:
        icon = "doc-full-inverse"


class PictureBlock(blocks.StructBlock):
    """Words in place of it, or the word that it says nothing: one of both, and the check before publishing asks."""

    picture = PictureChooserBlock(label=_("Picture"), required=False)
    alternative = blocks.CharBlock(
        label=_("Alternative text"),
        required=False,
        max_length=300,
        help_text=_("What the picture says, for people who don't see it. Read aloud, and kept in the proof."),
    )
    decorative = blocks.BooleanBlock(
        label=_("Only decoration"), required=False, help_text=_("It says nothing that the words don't say.")
    )

    class Meta:
        icon = "image"
        label = _("Picture")


PLACES = (
    ("summary", _("First screen")),
    ("controller", _("Who is responsible")),
    ("purposes", _("Purposes")),
    ("withdrawal", _("Withdrawing consent")),
    ("objection", _("Right to object")),
    ("choices", _("Choices")),
    ("retention", _("How long")),
    ("dpo", _("How to reach the data protection officer")),
    ("legitimate_interests", _("Legitimate interests")),
    ("categories", _("Kinds of data")),
    ("source", _("Where the data comes from")),
    ("recipients", _("Who receives the data")),
    ("transfers", _("Transfers outside the European Union")),
    ("obligation", _("Must the data be given?")),
    ("automated", _("Automated decisions")),
    ("rights", _("Rights")),
    ("complaint", _("Complaint")),
    ("publisher", _("Publisher")),
    ("director", _("Director of publication")),
    ("host", _("Host")),
    ("cookies", _("Cookies")),
)


class PlacedPictureBlock(PictureBlock):
    place = blocks.ChoiceBlock(label=_("Where"), choices=PLACES, default="summary")
    small = blocks.BooleanBlock(
        label=_("As an icon, beside the heading"), required=False, help_text=_("Small, in the line of the heading.")
    )

    class Meta:
        icon = "image"
        label = _("Picture")


class DownloadBlock(blocks.StructBlock):
    document = FileChooserBlock(label=_("Document"), required=False)
    title = blocks.CharBlock(
        label=_("Title"),
        required=False,
        max_length=200,
        help_text=_("What it is, in plain words: “Our privacy policy”."),
    )

    class Meta:
        icon = "doc-full-inverse"
        label = _("Document to download")


def picture_in(value: Any) -> Picture | None:
    """The plain picture of one of the blocks above; None where nothing is chosen and nothing said."""
    if not value or not (value.get("picture") or value.get("alternative") or value.get("decorative")):
        return None
    chosen = value.get("picture")
    place = value.get("place") or "summary"
    return Picture(
        file=chosen.attached if chosen else NO_FILE,
        alternative=(value.get("alternative") or "").strip(),
        decorative=bool(value.get("decorative")),
        place=place,
        icon=bool(value.get("small")) and place != "summary",
    )


def placed_pictures(value: Any) -> tuple[Picture, ...]:
    """A line of the list that chooses nothing is a picture that was deleted or forgotten: the check tells."""
    return tuple(
        picture_in(line) or Picture(place=line.get("place") or "summary") for line in value.get("pictures") or ()
    )


def downloads_in(value: Any) -> tuple[Download, ...]:
    return tuple(
        Download(line["document"].attached if line.get("document") else NO_FILE, (line.get("title") or "").strip())
        for line in value.get("documents") or ()
    )
