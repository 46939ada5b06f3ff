"""The form of a contact: the basics, and one input for each declared field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from subscribers.contacts.models import Contact
from subscribers.contacts.rules import ContactValues
from subscribers.fields.models import Field, FieldType

FIELD_PREFIX = "attributes."


def locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_").split("_")[0])


def language_choices() -> list[tuple[str, str]]:
    names = locale().languages
    return sorted(((code, name.capitalize()) for code, name in names.items() if len(code) == 2), key=by_name)


def country_choices() -> list[tuple[str, str]]:
    names = locale().territories
    left_out = {"EU", "EZ", "UN", "ZZ", "QO"}
    found = ((code, name) for code, name in names.items() if len(code) == 2 and code not in left_out)
    return sorted(found, key=by_name)


def by_name(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


class ContactForm(forms.Form):
    """Texts as people write them; the action normalises and refuses. ``values`` gives what it takes."""

    email = forms.CharField(
        label=_("E-mail"), required=False, max_length=320, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        help_text=_("With its country, unless it is your own: +33 6 12 34 56 78."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    external_id = forms.CharField(
        label=_("External id"), required=False, max_length=200, help_text=_("The customer number in another system.")
    )
    first_name = forms.CharField(label=_("First name"), required=False, max_length=200)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=200)
    language = forms.ChoiceField(label=_("Language"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Separated by commas."))

    def __init__(self, *args: Any, declared: Sequence[Field], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared = declared
        nothing = ("", "—")
        self.fields["language"].choices = [nothing, *language_choices()]  # type: ignore[attr-defined]
        self.fields["country"].choices = [nothing, *country_choices()]  # type: ignore[attr-defined]
        for row in declared:
            self.fields[f"{FIELD_PREFIX}{row.key}"] = input_of(row)

    def values(self) -> ContactValues:
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith(FIELD_PREFIX)}
        given["tags"] = [tag.strip() for tag in given["tags"].split(",")]
        given["attributes"] = {row.key: self.cleaned_data[f"{FIELD_PREFIX}{row.key}"] or None for row in self.declared}
        return ContactValues(**given)  # type: ignore[typeddict-item]


def input_of(row: Field) -> forms.Field:
    """The input for a declared field. Values come back as text (or a list), for the action to read."""
    given: dict[str, Any] = {"label": row.label, "required": False}
    if row.type == FieldType.CHOICE:
        return forms.ChoiceField(choices=[("", "—"), *((choice, choice) for choice in row.choices)], **given)
    if row.type == FieldType.CHOICES:
        pairs = [(choice, choice) for choice in row.choices]
        return forms.MultipleChoiceField(choices=pairs, widget=forms.CheckboxSelectMultiple, **given)
    if row.type == FieldType.BOOLEAN:
        return forms.ChoiceField(choices=[("", "—"), ("true", _("Yes")), ("false", _("No"))], **given)
    if row.type == FieldType.DATE:
        return forms.CharField(widget=forms.TextInput(attrs={"type": "date"}), **given)
    if row.type == FieldType.DATETIME:
        return forms.CharField(help_text=_("Such as 2026-01-31 14:30."), **given)
    if row.type == FieldType.NUMBER:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **given)
    return forms.CharField(max_length=2000, **given)


def initial_of(contact: Contact) -> dict[str, Any]:
    """What the form of a known contact begins with."""
    names = ("email", "phone", "external_id", "first_name", "last_name", "language", "country")
    initial: dict[str, Any] = {name: getattr(contact, name) or "" for name in names}
    initial["tags"] = ", ".join(contact.tags)
    for key, value in contact.attributes.items():
        shown = str(value).lower() if isinstance(value, bool) else value
        initial[f"{FIELD_PREFIX}{key}"] = shown
    return initial
