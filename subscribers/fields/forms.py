"""The form of a field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscribers.fields.models import Field, FieldType


class FieldForm(forms.Form):
    """Key and type only while the field is new: values hang on them afterwards."""

    label = forms.CharField(label=_("Label"), max_length=100, help_text=_("As people will read it."))
    key = forms.CharField(
        label=_("Key"),
        max_length=50,
        help_text=_("Small letters, digits and underscores; used in rules, imports and the API. It never changes."),
    )
    type = forms.ChoiceField(label=_("Type"), choices=FieldType.choices)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; only for one choice or several choices."),
    )
    justification = forms.CharField(
        label=_("Justification"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why the organisation needs this about a person. A field without a reason is not collected."),
    )
    purpose = forms.CharField(
        label=_("Purpose"), required=False, max_length=50, help_text=_("The key of the purpose it serves, if one.")
    )

    def __init__(self, *args: Any, field: Field | None = None, **kwargs: Any) -> None:
        if field is not None:
            kwargs["initial"] = {
                "label": field.label,
                "choices": "\n".join(field.choices),
                "justification": field.justification,
                "purpose": field.purpose,
            }
        super().__init__(*args, **kwargs)
        # The browser says so; the action refuses it with its own code.
        self.fields["justification"].widget.attrs["aria-required"] = "true"
        if field is not None:
            del self.fields["key"], self.fields["type"]

    def choice_lines(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip()]
