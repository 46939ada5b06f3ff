"""The form by which a member records what a person chose."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.ledger.models import Action
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.ui.forms import DayInput, MomentInput


class ChoiceForm(forms.Form):
    """What, about what, when and how it is known; the rules are the ledger's."""

    topic = forms.ChoiceField(label=_("Purpose and channel"))
    action = forms.ChoiceField(
        label=_("The person"),
        choices=[
            (Action.GRANT.value, _("agreed")),
            (Action.REFUSE.value, _("refused")),
            (Action.WITHDRAW.value, _("withdrew their agreement")),
            (Action.OBJECT.value, _("objected")),
            (Action.ASK.value, _("was asked and did not answer")),
        ],
        widget=forms.RadioSelect,
    )
    occurred_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=MomentInput(),
        help_text=_("Empty: now."),
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "How and where the person said so, and to which words. An agreement needs it; it is stored encrypted."
        ),
    )

    def __init__(self, *args: Any, purposes: list[Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purposes = {purpose.key: purpose for purpose in purposes}
        topic = self.fields["topic"]
        assert isinstance(topic, forms.ChoiceField)  # noqa: S101 - for the type checker
        topic.choices = [
            (f"{purpose.key}:{channel}", f"{purpose.name} · {Channel(channel).label}")
            for purpose in purposes
            for channel in purpose.channels
        ]

    def choice(self) -> dict[str, Any]:
        """The arguments of ``record_consent``."""
        key, _colon, channel = self.cleaned_data["topic"].partition(":")
        note = self.cleaned_data["evidence"].strip()
        return {
            "purpose": self.purposes[key],
            "channel": channel,
            "action": self.cleaned_data["action"],
            "occurred_at": self.cleaned_data["occurred_at"] or timezone.now(),
            "evidence": {"kind": "note", "note": note} if note else None,
        }


class PastForm(forms.Form):
    """Which day is asked about, and whether by what was known then."""

    day = forms.DateField(label=_("At the end of"), widget=DayInput())
    known_then = forms.BooleanField(
        label=_("Only what had been recorded by then"),
        required=False,
        help_text=_("What the gate went by on that day. Without it, what was reported later counts as well."),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not date(1900, 1, 1) <= day < date(9999, 1, 1):
            raise forms.ValidationError(_("There is no record of that day."), code="invalid_date")
        return day

    def end_of_day(self) -> datetime:
        """The last instant of that day, where the organisation is."""
        after = datetime.combine(self.cleaned_data["day"] + timedelta(days=1), time())
        return timezone.make_aware(after) - timedelta(microseconds=1)

    def known_at(self) -> datetime | None:
        return self.end_of_day() if self.cleaned_data["known_then"] else None
