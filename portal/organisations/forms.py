"""Shape of what members type about their organisation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organisations.actions import Branding
from portal.organisations.logos import MOST_UPLOADED
from portal.organisations.models import Organisation
from portal.organisations.roles import Role


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Owners run the organisation. Marketers import, make segments and prepare audiences; approvers decide on "
            "them. DPOs look after rights and proofs. Integrators connect other systems. Viewers only read."
        ),
    )


class InvitationForm(RolesForm):
    email = forms.EmailField(label=_("E-mail"))
    field_order = ("email", "roles")


class OrganisationForm(forms.ModelForm[Organisation]):
    class Meta:
        model = Organisation
        fields = ("name", "locale", "time_zone", "country", "postal_address", "dpo_name", "dpo_email")
        widgets = {"postal_address": forms.Textarea(attrs={"rows": 3})}


class BrandingForm(forms.Form):
    """How public pages look. What is wrong with a picture or a colour, the action says."""

    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 1 MB. It must be seen on white; we make it at most 600 by 200 pixels."),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    logo_text = forms.CharField(
        label=_("Text for the logo"),
        required=False,
        max_length=200,
        help_text=_("For people who don't see it. Empty: the name of the organisation."),
    )
    accent = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"placeholder": "#0f6b67", "spellcheck": "false"}),
        help_text=_(
            "Buttons and boxes on light devices. Six hexadecimal digits, dark enough to be seen on white. Empty: ours. "
            "A collection point may have its own."
        ),
    )

    def __init__(self, data: object = None, files: object = None, *, organisation: Organisation) -> None:
        initial = {"accent": organisation.accent, "logo_text": organisation.logo_text}
        super().__init__(data, files, initial=initial)  # type: ignore[arg-type]
        self.fields["logo_text"].widget.attrs["placeholder"] = organisation.name
        if not organisation.logo:
            del self.fields["remove_logo"]

    @property
    def branding(self) -> Branding:
        given = self.cleaned_data
        upload = given.get("logo")
        return Branding(
            accent=given["accent"],
            logo_text=given["logo_text"],
            picture=upload.read(MOST_UPLOADED + 1) if upload else None,
            remove_logo=given.get("remove_logo", False),
        )
