"""What a notice is made of in Wagtail's editor: one block a language, one field for each thing the law asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope
from wagtail import blocks

from consent.notices.file_blocks import (
    DownloadBlock,
    PictureBlock,
    PlacedPictureBlock,
    downloads_in,
    picture_in,
    placed_pictures,
)
from consent.notices.structure import ITEMS, ConsentChoice, PurposeLine, Section, Wording
from consent.purposes.models import Purpose


def purpose_choices() -> Iterator[tuple[str, str]]:
    """The purposes of the organisation whose notice is open; the fence enters its scope."""
    yield "", "---------"
    if get_scope().get("organisation"):
        yield from Purpose.objects.order_by("name").values_list("key", "name")


class PurposeKeyBlock(blocks.FieldBlock):
    """One purpose of the organisation, by its key."""

    def __init__(self, required: bool = False, help_text: Any = None, **kwargs: Any) -> None:
        self.field = forms.ChoiceField(choices=purpose_choices, required=required, help_text=help_text)
        super().__init__(**kwargs)

    class Meta:
        icon = "tag"


def words(label: Any, help_text: Any = "", rows: int = 3) -> blocks.TextBlock:
    return blocks.TextBlock(label=label, help_text=help_text, required=False, rows=rows)


class PurposeLineBlock(blocks.StructBlock):
    purpose = PurposeKeyBlock(label=_("Purpose"))
    text = words(_("What it is for"), _("What the data is used for, so that everybody understands it. 13(1)(c)"), 2)
    retention = words(_("Kept for how long"), _("A duration and since when: “3 years after your last click”. R-01"), 2)

    class Meta:
        icon = "tag"
        label = _("Purpose")


class ConsentChoiceBlock(blocks.StructBlock):
    """There is no field for "ticked beforehand": nothing ever is (C-02)."""

    purpose = PurposeKeyBlock(label=_("Purpose"), help_text=_("One purpose, one choice."))
    text = words(_("The question"), _("What a person agrees to, in one plain sentence."), 2)
    accept = blocks.CharBlock(label=_("Button for yes"), required=False, max_length=60)
    refuse = blocks.CharBlock(
        label=_("Button for no"), required=False, max_length=60, help_text=_("As short and as plain as the yes.")
    )
    required = blocks.BooleanBlock(
        label=_("The form can't be sent without it"),
        required=False,
        help_text=_("Never for messages people may refuse."),
    )

    class Meta:
        icon = "check"
        label = _("Choice")


class SectionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120)
    text = words(_("Text"))
    picture = PictureBlock(label=_("Picture"), required=False)

    class Meta:
        icon = "doc-full"
        label = _("Section")


def picture_list() -> blocks.ListBlock:
    return blocks.ListBlock(PlacedPictureBlock(), label=_("Pictures and icons"), default=[])


def document_list() -> blocks.ListBlock:
    return blocks.ListBlock(DownloadBlock(), label=_("Documents to download"), default=[])


class LanguageBlock(blocks.StructBlock):
    """What every kind of notice has, in every language."""

    language = blocks.ChoiceBlock(label=_("Language"), choices=settings.LANGUAGES)
    title = blocks.CharBlock(label=_("Title"), required=False, max_length=200)
    summary = words(_("First screen"), _("Two or three sentences: who, what for, and that one can stop at any time."))


class InformationBlock(LanguageBlock):
    """Articles 13 and 14."""

    controller = words(_("Who is responsible"), _("Name and address of the company. 13(1)(a)"), 2)
    dpo = words(_("How to reach the data protection officer"), _("13(1)(b)"), 2)
    purposes = blocks.ListBlock(PurposeLineBlock(), label=_("Purposes"), default=[])
    legitimate_interests = words(_("Legitimate interests"), _("Where a purpose rests on them: which ones. 13(1)(d)"), 2)
    categories = words(_("Kinds of data"), _("When the data did not come from the person. 14(1)(d)"), 2)
    source = words(_("Where the data comes from"), _("The very source, by its name. 14(2)(f)"), 2)
    recipients = words(_("Who receives the data"), _("13(1)(e)"), 2)
    transfers = words(
        _("Transfers outside the European Union"), _("To where and under which safeguard; or none. 13(1)(f)"), 2
    )
    obligation = words(_("Must the data be given?"), _("And what happens if not. 13(2)(e)"), 2)
    automated = words(_("Automated decisions"), _("Profiling with effects on people; or none. 13(2)(f)"), 2)
    rights = words(_("Rights"), _("Access, rectification, erasure, restriction, portability. 13(2)(b)"))
    objection = words(_("Right to object"), _("Apart from all else, and clearly. 21(4)"), 2)
    withdrawal = words(_("Withdrawing consent"), _("At any time, and how. 13(2)(c)"), 2)
    complaint = words(_("Complaint"), _("To the supervisory authority. 13(2)(d)"), 2)
    choices = blocks.ListBlock(ConsentChoiceBlock(), label=_("Choices"), default=[])
    sections = blocks.ListBlock(SectionBlock(), label=_("Further sections"), default=[])
    pictures = picture_list()
    documents = document_list()

    class Meta:
        icon = "doc-full"
        label = _("Notice in one language")


class LegalBlock(LanguageBlock):
    """Who publishes a site (LCEN art. 1-1)."""

    publisher = words(_("Publisher"), _("Name, legal form, address, registration number, e-mail and phone."))
    director = words(_("Director of publication"), "", 2)
    host = words(_("Host"), _("Name, address and phone of whoever hosts the site."), 2)
    sections = blocks.ListBlock(SectionBlock(), label=_("Further sections"), default=[])
    pictures = picture_list()
    documents = document_list()

    class Meta:
        icon = "doc-full"
        label = _("Legal notice in one language")


class CookiesBlock(LanguageBlock):
    """What is kept in a visitor's browser (art. 82 of the French data protection act)."""

    cookies = words(_("Cookies"), _("Each with its name, what for and for how long; or that there are none."))
    sections = blocks.ListBlock(SectionBlock(), label=_("Further sections"), default=[])
    pictures = picture_list()
    documents = document_list()

    class Meta:
        icon = "doc-full"
        label = _("Cookie page in one language")


def wording_of(value: Any) -> Wording:
    """The plain wording of one of the blocks above."""
    return Wording(
        language=value.get("language") or "",
        title=value.get("title") or "",
        summary=value.get("summary") or "",
        items={code: value[code] for code in ITEMS if value.get(code)},
        purposes=tuple(
            PurposeLine(line.get("purpose") or "", line.get("text") or "", line.get("retention") or "")
            for line in value.get("purposes") or ()
        ),
        choices=tuple(choice_of(choice) for choice in value.get("choices") or ()),
        sections=tuple(
            Section(part.get("heading") or "", part.get("text") or "", picture_in(part.get("picture")))
            for part in value.get("sections") or ()
        ),
        pictures=placed_pictures(value),
        downloads=downloads_in(value),
    )


def choice_of(value: Any) -> ConsentChoice:
    return ConsentChoice(
        purposes=(value["purpose"],) if value.get("purpose") else (),
        text=value.get("text") or "",
        accept=value.get("accept") or "",
        refuse=value.get("refuse") or "",
        required=bool(value.get("required")),
    )
