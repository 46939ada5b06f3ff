"""The first two things a person says about a file: here it is, and this is how it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.forms.utils import ErrorDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.errors import DomainError
from subscribers.fields.models import Field
from subscribers.imports.actions import ReadingChoice
from subscribers.imports.columns.presets import PRESETS
from subscribers.imports.columns.sensitive import can_be_cleared
from subscribers.imports.formats.pasting import pasted
from subscribers.imports.models import DateOrder, FileKind, Import, UpdateRule

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
QUOTES = (('"', _("Double quotation mark")), ("'", _("Apostrophe")), ("", _("None")))
HEADERS = (("yes", _("The names of the columns")), ("no", _("A person already")))
PEOPLE = (
    ("email", _("E-mail")),
    ("phone", _("Phone")),
    ("external_id", _("External id")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("language", _("Language")),
    ("country", _("Country")),
    ("tags", _("Tags")),
)
CONSENTS = (
    ("consent.occurred_at", _("Date of consent")),
    ("consent.ip", _("IP address of consent")),
    ("consent.status", _("Status: agreed or not")),
    ("consent.withdrawn_at", _("Date of opt-out")),
    ("consent.form_url", _("Address of the form")),
    ("consent.text", _("Text agreed to")),
    ("consent.purpose", _("Purpose agreed to")),
    ("consent.channel", _("Channel agreed to")),
)
OPT_OUTS = (
    ("suppression.sha256", _("Hash of an opted-out address (SHA-256)")),
    ("suppression.md5", _("Hash of an opted-out address (MD5)")),
)
DROP = _("Drop this column")
NEW_FIELD = "new"
MAILCHIMP = "mailchimp"
CUTS = ("part", "encoding", "delimiter", "quote", "header", "skipped_lines")  # what decides which columns there are
FLAGS: dict[str, str | Promise] = {
    "role_address": _("Addresses of a role, not of a person (info@, contact@)"),
    "disposable_domain": _("Throw-away addresses"),
    "probable_typo": _("Domains with a probable slip (gmial.com)"),
}


class UploadForm(forms.Form):
    """A file, or rows pasted from a spreadsheet."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("A table with a column for e-mail, phone or your own id: CSV, Excel, and more. Any encoding."),
    )
    pasted = forms.CharField(
        label=_("Or paste rows here"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=_("Copied from a spreadsheet, with the row that names the columns; or one address a line."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("file") and not data.get("pasted", "").strip():
            self.add_error("file", _("Choose a file, or paste some rows."))
        return data

    def upload(self) -> Any:
        """The file; rows that were pasted as one."""
        if self.cleaned_data["file"]:
            return self.cleaned_data["file"]
        return pasted(self.cleaned_data["pasted"], str(_("Pasted rows")))


class ReadingForm(forms.Form):
    """How the file is cut, and for each column (`column_0`, …) what it holds; `cleared_0` where it looks sensitive."""

    preset = forms.ChoiceField(label=_("Contacts of Mailchimp"), required=False)
    part = forms.ChoiceField(label=_("Sheet or file inside"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=_("Delimiter"), required=False)
    quote = forms.ChoiceField(label=_("Quotation mark"), required=False, choices=QUOTES)
    header = forms.ChoiceField(label=_("The first row holds"), choices=HEADERS, required=False)
    skipped_lines = forms.IntegerField(
        label=_("Lines to skip on top"), required=False, min_value=0, max_value=1000, help_text=_("Titles, comments.")
    )
    date_order = forms.ChoiceField(label=_("Dates are written"), required=False)
    update_rule = forms.ChoiceField(
        label=_("Somebody already known"), choices=UpdateRule.choices, widget=forms.RadioSelect
    )
    reject_flags = forms.MultipleChoiceField(
        label=_("Leave out"), required=False, choices=FLAGS.items(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, source: Import, data: Any = None, *, may_declare: bool = False) -> None:
        self.source = source
        super().__init__(data, initial=self._as_read())
        self._offer("encoding", ENCODINGS, source.encoding)
        self._offer("delimiter", DELIMITERS, self.initial["delimiter"])
        self._offer("part", [(part, part) for part in source.parts], source.part)
        self._offer(
            "preset", [(code, name) for code, name in PRESETS.items() if code.startswith(MAILCHIMP)], source.preset
        )
        unsure = "date_order" in source.doubts
        nothing = _("Choose…") if unsure else _("As in your country")
        self._offer("date_order", [("", nothing), *DateOrder.choices], source.date_order)
        self._leave_out_what_does_not_apply()
        targets = [*target_choices(), *([(NEW_FIELD, _("A new field…"))] if may_declare else [])]
        for number, column in enumerate(source.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column, choices=targets, required=False, initial=source.mapping.get(column) or ""
            )
            if column in source.sensitive and can_be_cleared(source.sensitive[column]):
                self.fields[f"cleared_{number}"] = clearing_field(source, column)

    def _as_read(self) -> dict[str, Any]:
        source = self.source
        return {
            "preset": source.preset,
            "part": source.part,
            "encoding": source.encoding,
            "delimiter": "\\t" if source.delimiter == "\t" else source.delimiter,
            "quote": source.quote,
            "header": "yes" if source.header else "no",
            "skipped_lines": source.skipped_lines,
            "date_order": "" if "date_order" in source.doubts else source.date_order,
            "update_rule": source.update_rule,
            "reject_flags": source.reject_flags,
        }

    def _offer(self, name: str, choices: Any, current: str) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        known = {value for value, _label in choices}
        field.choices = [*choices] if current in known else [(current, current), *choices]

    def _leave_out_what_does_not_apply(self) -> None:
        """A sheet has no encoding, and one table no parts to choose from."""
        absent = [] if self.source.file_kind == FileKind.CSV else ["encoding", "delimiter", "quote"]
        if self.source.file_kind in (FileKind.JSON, FileKind.NDJSON, FileKind.VCARD):
            absent += ["header", "skipped_lines"]
        if not self.source.preset.startswith(MAILCHIMP):
            absent.append("preset")
        if len(self.source.parts) < 2:
            absent.append("part")
        for name in absent:
            del self.fields[name]

    def choice(self) -> ReadingChoice:
        """What was chosen. Once the file is cut in another way its columns are others: what they hold is guessed."""
        data, anew = self.cleaned_data, self.is_cut_anew()
        columns = list(enumerate(self.source.columns))
        return ReadingChoice(
            preset=self._said("preset", or_shown=not anew) or None,
            part=data.get("part") or None,
            encoding=self._cut("encoding") or None,
            delimiter=self._cut("delimiter") or None,
            quote=self._cut("quote"),
            header={"yes": True, "no": False}.get(self._cut("header") or ""),
            skipped_lines=self._cut("skipped_lines"),
            date_order=self._said("date_order", or_shown=not anew),
            update_rule=data["update_rule"],
            reject_flags=data["reject_flags"],
            mapping=None if anew else {column: data[f"column_{number}"] or None for number, column in columns},
            cleared={
                column: reason for number, column in columns if (reason := data.get(f"cleared_{number}", "").strip())
            },
        )

    def _cut(self, name: str) -> Any:
        """How the table is cut, as shown; of another sheet or file inside, only what was changed with it."""
        return self._said(name, or_shown="part" not in self.changed_data)

    def _said(self, name: str, *, or_shown: bool) -> Any:
        """What was given for a field, None for one that was not sent; or only if it is another than was shown."""
        if name not in self.fields or name not in self.data or not (or_shown or name in self.changed_data):
            return None
        return self.cleaned_data[name]

    def is_cut_anew(self) -> bool:
        return any(name in self.data and name in self.changed_data for name in CUTS)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "date_order" in self.source.doubts and not data.get("date_order") and not self.is_cut_anew():
            self.add_error("date_order", _("Look at the dates in the first rows, and say which comes first."))
        return data

    def unjudged(self) -> ReadingForm:
        """The same with what was chosen so far, before anybody has asked whether it is right."""
        self._errors = ErrorDict()
        return self

    def tell(self, error: DomainError) -> None:
        """Put each problem to the column it is about; the others, or the error itself, on top."""
        if not error.errors:
            self.add_error(None, str(error.detail))
        for problem in error.errors:
            self.add_error(self._field_of(problem.loc), str(problem.detail))

    def _field_of(self, loc: Sequence[str | int]) -> str | None:
        last = loc[-1] if loc else ""
        if len(loc) > 2 and last in self.source.columns:
            return f"column_{self.source.columns.index(last)}"
        return str(last) if last in self.fields else None

    def new_field(self) -> str:
        """The number of the first column that is to hold a field which is still to be declared."""
        names = (name.removeprefix("column_") for name in self.fields if name.startswith("column_"))
        return next((number for number in names if self.data.get(f"column_{number}") == NEW_FIELD), "")

    def settings(self) -> list[forms.BoundField]:
        """The fields on how the file is cut, in their order."""
        names = ("preset", "part", "encoding", "delimiter", "quote", "header", "skipped_lines", "date_order")
        return [self[name] for name in names if name in self.fields]


def target_choices() -> list[Any]:
    """What a column may hold, in groups."""
    fields = [(f"attributes.{key}", label) for key, label in Field.objects.values_list("key", "label")]
    groups = [(_("Person"), PEOPLE), (_("Your fields"), fields), (_("Consent"), CONSENTS), (_("Opt-outs"), OPT_OUTS)]
    return [("", DROP), *(group for group in groups if group[1])]


def target_labels() -> dict[str | None, Any]:
    """What each target is called."""
    return {target: label for _group, choices in target_choices()[1:] for target, label in choices}


def clearing_field(source: Import, column: str) -> forms.CharField:
    return forms.CharField(
        label=_("Why this column holds nothing sensitive"),
        required=False,
        max_length=500,
        initial=source.cleared.get(column, ""),
        help_text=_("Kept with the import. Leave it empty to drop the column."),
    )
