"""What a person may say about themselves."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User


class ProfileForm(forms.ModelForm[User]):
    """Name and language; the address changes through the owner of an organisation."""

    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("For the portal and for e-mails to you.")
    )

    class Meta:
        model = User
        fields = ["name", "language"]
