"""Shape of what a member types to make a token."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability
from portal.ui.forms import DayInput


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which system will use it: “Web shop”, “CRM nightly”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the system needs. A token never can do more than you."),
    )
    expires_on = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=DayInput(),
        help_text=_("Leave it empty for a token without an end."),
    )

    def __init__(self, *args: Any, allowed: Iterable[Capability], zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        scopes = self.fields["scopes"]
        if isinstance(scopes, forms.MultipleChoiceField):
            scopes.choices = [(scope.value, scope.value) for scope in sorted(allowed)]

    @property
    def expires_at(self) -> datetime | None:
        """The end of the chosen day where the organisation is."""
        day = self.cleaned_data["expires_on"]
        return datetime.combine(day, time(23, 59, 59), tzinfo=self.zone) if day else None
