"""Forms of audiences: shape only; the rules are the actions'."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.audiences.actions import AudienceDraft
from consent.audiences.rules import ATTRIBUTE, CONTACT_FIELDS
from consent.purposes.models import Kind, Purpose
from portal.channels import Channel
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.segments.models import Segment


class AudienceForm(forms.Form):
    """A new audience."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("For example the name of the campaign."))
    segment = forms.ChoiceField(label=_("Segment"), help_text=_("Who you would like to write to."))
    purpose = forms.ChoiceField(label=_("Purpose"), help_text=_("Why you write: people agreed to this, or not."))
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.EMAIL)
    fields_needed = forms.MultipleChoiceField(
        label=_("Fields the message needs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The engine gets these and nothing else about each person."),
    )
    message_reference = forms.CharField(
        label=_("Message reference"),
        max_length=200,
        required=False,
        help_text=_("What the engine calls the message it will send."),
    )
    test = forms.BooleanField(
        label=_("Test audience"),
        required=False,
        help_text=_("Only seed contacts of the segment: a test can never reach anybody else."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segments = Segment.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")[:1000]
        purposes = Purpose.objects.exclude(kind=Kind.TRACKING).order_by("name").values_list("key", "name")
        self.offer("segment", [(str(pk), name) for pk, name in segments])
        self.offer("purpose", list(purposes))
        self.offer("fields_needed", [*contact_choices(), *attribute_choices()])

    def offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices

    @property
    def draft(self) -> AudienceDraft:
        given = dict(self.cleaned_data)
        return AudienceDraft(fields=given.pop("fields_needed"), **given)


def contact_choices() -> list[tuple[str, Any]]:
    return [(name, Contact._meta.get_field(name).verbose_name) for name in CONTACT_FIELDS]  # type: ignore[union-attr]


def attribute_choices() -> list[tuple[str, str]]:
    return [(f"{ATTRIBUTE}{key}", label) for key, label in Field.objects.values_list("key", "label")]


class DecisionForm(forms.Form):
    """One decision: yes, or no with a reason."""

    reason = forms.CharField(
        label=_("Comment, or the reason for a no"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
