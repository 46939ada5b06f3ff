"""The three things a person says about a file: here it is, this is how it reads, this is where it comes from."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from subscribers.fields.models import Field
from subscribers.imports.actions import ReadingChoice
from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.rules import BASES, ORIGINS, Declaration
from subscribers.imports.stages import claimable_consents

ENCODINGS = (
    ("utf-8", "UTF-8"),
    ("cp1252", _("Western European (Windows-1252)")),
    ("iso8859-15", _("Western European (ISO 8859-15)")),
    ("mac-roman", _("Western European (Macintosh)")),
    ("cp1250", _("Central European (Windows-1250)")),
    ("cp1251", _("Cyrillic (Windows-1251)")),
    ("cp1253", _("Greek (Windows-1253)")),
    ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"),
)
DELIMITERS = ((",", _("Comma")), (";", _("Semicolon")), ("\\t", _("Tab")), ("|", _("Vertical bar")))
TARGETS = (
    ("", _("Drop this column")),
    ("email", _("E-mail")),
    ("phone", _("Phone")),
    ("external_id", _("External id")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("language", _("Language")),
    ("country", _("Country")),
    ("tags", _("Tags")),
    ("consent.occurred_at", _("Date of consent")),
    ("consent.ip", _("IP address of consent")),
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("A table saved as CSV or text, with a column for e-mail, phone or your own id. Any encoding."),
    )


class ReadingForm(forms.Form):
    """Encoding, delimiter, and a target for each column (`column_0`, `column_1`, …)."""

    encoding = forms.ChoiceField(label=_("Encoding"))
    delimiter = forms.ChoiceField(label=_("Delimiter"))
    update_rule = forms.ChoiceField(
        label=_("Somebody already known"), choices=UpdateRule.choices, widget=forms.RadioSelect
    )

    def __init__(self, source: Import, data: Any = None) -> None:
        self.source = source
        delimiter = "\\t" if source.delimiter == "\t" else source.delimiter
        initial = {"encoding": source.encoding, "delimiter": delimiter, "update_rule": source.update_rule}
        super().__init__(data, initial=initial)
        self._offer("encoding", ENCODINGS, source.encoding)
        self._offer("delimiter", DELIMITERS, delimiter)
        fields = [(f"attributes.{key}", label) for key, label in Field.objects.values_list("key", "label")]
        for number, column in enumerate(source.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column, choices=[*TARGETS, *fields], required=False, initial=source.mapping.get(column) or ""
            )

    def _offer(self, name: str, choices: Any, current: str) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        known = {value for value, _label in choices}
        field.choices = [*choices] if current in known else [(current, current), *choices]

    def choice(self, *, anew: bool) -> ReadingChoice:
        """What was chosen; `anew`: read the file again and guess what its columns hold."""
        data = self.cleaned_data
        mapping = {column: data[f"column_{number}"] or None for number, column in enumerate(self.source.columns)}
        return ReadingChoice(
            encoding=data["encoding"],
            delimiter=data["delimiter"],
            update_rule=data["update_rule"],
            mapping=None if anew else mapping,
        )

    def column_fields(self, rows: list[list[str]]) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column's field with its first values."""
        return [
            (self[f"column_{number}"], [row[number][:60] for row in rows[:3]])
            for number in range(len(self.source.columns))
        ]


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
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The true day, not today; leave it empty where a column of the file holds it for each person."),
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

    def __init__(self, organisation: Organisation, source: Import, data: Any = None) -> None:
        initial = {
            "kind": source.origin_kind,
            "name": source.origin_name,
            "collected_by": source.collected_by or organisation.name,
            "collected_on": source.collected_on,
            "basis": source.basis,
            "consents": [f"{claim['purpose']}:{claim['channel']}" for claim in source.consents],
            "evidence_note": source.evidence_note,
        }
        super().__init__(data, initial=initial)
        consents = cast("forms.MultipleChoiceField", self.fields["consents"])
        consents.choices = claimable_consents(organisation)

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
        )
