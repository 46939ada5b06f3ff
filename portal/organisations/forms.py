"""Shape of what members type about their organisation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

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
