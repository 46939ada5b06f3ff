"""The form of a purpose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.purposes.actions import PURPOSE_VALUES, PurposeValues
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel


class PurposeForm(forms.Form):
    """Shape of a purpose; its rules are the action's. A purpose that exists shows its key and keeps it."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As people will read it."))
    key = forms.RegexField(
        r"^[a-z][a-z0-9_-]*$",
        label=_("Key"),
        max_length=50,
        help_text=_("Small letters, digits, hyphens and underscores; used in rules, imports and the API. It stays."),
        error_messages={"invalid": _("Start with a small letter; then small letters, digits, hyphens, underscores.")},
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What people will receive, and how often."),
    )
    basis = forms.ChoiceField(
        label=_("Basis"),
        choices=Basis.choices,
        initial=Basis.CONSENT,
        widget=forms.RadioSelect,
        help_text=_("The ground in law for writing. It can't be changed once people have chosen."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=Channel.choices,
        initial=[Channel.EMAIL.value],
        widget=forms.CheckboxSelectMultiple,
    )
    double_opt_in = forms.BooleanField(
        label=_("Double opt-in"),
        required=False,
        help_text=_("People confirm by a link sent to them before they are written to."),
    )
    valid_for_days = forms.IntegerField(
        label=_("Valid for, in days"),
        required=False,
        min_value=1,
        max_value=36500,
        help_text=_("After that a consent expires and must be asked for again. Empty: no end."),
    )
    public = forms.BooleanField(
        label=_("Shown to people"),
        required=False,
        initial=True,
        help_text=_("In the preference centre."),
    )

    def __init__(self, *args: Any, purpose: Purpose | None = None, used: bool = False, **kwargs: Any) -> None:
        if purpose is not None:
            kwargs["initial"] = {name: getattr(purpose, name) for name in ("key", *PURPOSE_VALUES)}
        super().__init__(*args, **kwargs)
        self.fields["key"].disabled = purpose is not None
        self.fields["basis"].disabled = used

    @property
    def values(self) -> PurposeValues:
        return PurposeValues(**{name: self.cleaned_data[name] for name in PURPOSE_VALUES})
