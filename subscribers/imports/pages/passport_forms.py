"""The third thing a person says about a file: where it comes from, with the documents that prove it (I-01, I-02)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from portal.ui.forms import DayInput
from subscribers.imports.models import DocumentKind, Import
from subscribers.imports.passport.declaring import naming_of
from subscribers.imports.passport.points import NamedPoint, named_point, point_choices
from subscribers.imports.passport.rules import BASES, ORIGINS, Declaration, is_quarantined
from subscribers.imports.passport.saved_mappings import saved_mapping_for
from subscribers.imports.passport.warnings import SENTENCES, PassportWarning
from subscribers.imports.stages import claimable_consents

UPLOADS = {
    "form_snapshot": DocumentKind.FORM_SNAPSHOT,
    "partner_list": DocumentKind.PARTNER_LIST,
    "proofs": DocumentKind.PROOF,
}


POINT_FIELDS = ("collection_point", "notice_language", "collected_on")


def parsed_day(text: str) -> date | None:
    """A day as a browser sends it; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files, as a list."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(SeveralFilesField, self).clean(one, initial) for one in given if one]


class OriginForm(forms.Form):
    """What an import must say (I-01)."""

    kind = forms.ChoiceField(
        label=_("Where do these people come from?"),
        choices=[("", _("Choose…")), *((origin.value, origin.label) for origin in ORIGINS)],
    )
    name = forms.CharField(
        label=_("Name of the source"), max_length=200, help_text=_("The form, shop, list or tool: “Newsletter form”.")
    )
    collected_by = forms.CharField(
        label=_("Collected by"), max_length=200, help_text=_("The company that asked these people.")
    )
    collected_on = forms.DateField(
        label=_("Collected on"),
        required=False,
        widget=DayInput(),
        help_text=_("The true day, not today; leave it empty where a column of the file holds it for each person."),
    )
    collection_point = forms.ChoiceField(
        label=_("Collection point"),
        required=False,
        help_text=_(
            "The form, paper, call or system of yours at which these people were asked. Each agreement then names the "
            "notice that was shown there on its day."
        ),
    )
    notice_language = forms.ChoiceField(
        label=_("Language of the notice"),
        required=False,
        help_text=_("In which these people were asked there."),
    )
    form_snapshot = forms.FileField(
        label=_("The form as people saw it"),
        required=False,
        help_text=_("A picture or the page of the seller's form, with the box and its text."),
    )
    partner_list = forms.FileField(
        label=_("The list of partners as people saw it"),
        required=False,
        help_text=_("The list that the form named or linked to on that day."),
    )
    partners = forms.CharField(
        label=_("The same list as text"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Copy it here if the document is a picture or a PDF, so that your name can be looked for in it."),
    )
    basis = forms.ChoiceField(label=_("Legal basis"), choices=[("", _("Choose…")), *BASES.items()])
    consents = forms.MultipleChoiceField(
        label=_("What did they agree to?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    evidence_note = forms.CharField(
        label=_("Proof"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you hold and where: the text of the form, its screenshot, the log of the tool."),
    )
    proofs = SeveralFilesField(
        label=_("Other documents"),
        required=False,
        help_text=_("Screenshots, e-mails, contracts: PDF, pictures, text, e-mail or saved pages. Kept encrypted."),
    )

    def __init__(self, organisation: Organisation, source: Import, data: Any = None, files: Any = None) -> None:
        self.source = source
        self.saved = None if source.origin_kind else saved_mapping_for(source)
        super().__init__(data, files, initial=self._as_declared(organisation))
        consents = cast("forms.MultipleChoiceField", self.fields["consents"])
        consents.choices = claimable_consents(organisation)
        points = cast("forms.ChoiceField", self.fields["collection_point"])
        known = point_choices(organisation)
        points.choices, self._has_points = [("", _("None of yours")), *known], bool(known)
        languages = cast("forms.ChoiceField", self.fields["notice_language"])
        languages.choices = [("", _("Each in their own, as a column holds it")), *settings.LANGUAGES]

    def _as_declared(self, organisation: Organisation) -> dict[str, Any]:
        """What was said before of this file, else of the last one with its columns."""
        source, last = self.source, self.saved.declaration if self.saved else {}
        claims = source.consents or last.get("consents", [])
        return {
            "kind": source.origin_kind or last.get("origin_kind", ""),
            "name": source.origin_name or last.get("origin_name", ""),
            "collected_by": source.collected_by or last.get("collected_by") or organisation.name,
            "collected_on": source.collected_on,
            "partners": source.partners,
            "basis": source.basis or last.get("basis", ""),
            "consents": [f"{claim['purpose']}:{claim['channel']}" for claim in claims],
            "evidence_note": source.evidence_note,
            "collection_point": source.collection_point or last.get("collection_point", ""),
            "notice_language": source.notice_language or last.get("notice_language", ""),
        }

    @property
    def has_points(self) -> bool:
        return self._has_points

    def named_point(self, asked: Mapping[str, Any] | None = None) -> NamedPoint | None:
        """The point chosen so far, with the notices that apply; ``asked``: what is chosen on the page just now."""
        given = asked if asked is not None else {name: self[name].value() for name in POINT_FIELDS}
        day = given.get("collected_on") or ""
        declaration = Declaration(
            collection_point=str(given.get("collection_point") or ""),
            notice_language=str(given.get("notice_language") or ""),
            collected_on=day if isinstance(day, date) else parsed_day(str(day)),
        )
        organisation = self.source.organisation
        return named_point(organisation, naming_of(organisation, self.source, declaration))

    def declaration(self) -> Declaration:
        data = self.cleaned_data
        claims = [claim.rsplit(":", 1) for claim in data["consents"]]
        return Declaration(
            origin_kind=data["kind"],
            origin_name=data["name"],
            collected_by=data["collected_by"],
            collected_on=data["collected_on"],
            basis=data["basis"],
            consents=[{"purpose": purpose, "channel": channel} for purpose, channel in claims],
            evidence_note=data["evidence_note"],
            partners=data["partners"],
            collection_point=data["collection_point"],
            notice_language=data["notice_language"],
        )

    def uploads(self) -> Iterator[tuple[str, DocumentKind, Any]]:
        """The documents that came along, each with the field it came in."""
        for name, kind in UPLOADS.items():
            given = self.cleaned_data.get(name) or []
            for upload in given if isinstance(given, list) else [given]:
                yield name, kind, upload

    def require_passport(self, kinds: Collection[str]) -> bool:
        """On a page a partner's or bought list comes with the form and the list of partners, or not at all (I-02)."""
        if not is_quarantined(self.cleaned_data.get("kind", "")):
            return True
        if DocumentKind.FORM_SNAPSHOT not in kinds:
            self.add_error("form_snapshot", str(SENTENCES[PassportWarning.FORM_SNAPSHOT_MISSING]))
        if DocumentKind.PARTNER_LIST not in kinds and not self.cleaned_data.get("partners", "").strip():
            self.add_error("partner_list", str(SENTENCES[PassportWarning.PARTNER_LIST_MISSING]))
        return not self.errors
