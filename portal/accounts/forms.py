"""What a person may say about themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class ProfileForm(forms.Form):
    """Name and language; the address changes through the owner of an organisation."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("For the portal and for e-mails to you.")
    )


class InvitationAnswerForm(forms.Form):
    """What an invited person types: a new account's name and password, or the password they have already."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(render_value=False))

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password"]
        password.widget.attrs["autocomplete"] = "current-password" if known else "new-password"
        password.help_text = _("The one of the account you have already.") if known else _("At least 12 characters.")
        if known:
            self.fields["name"].widget = forms.HiddenInput()
