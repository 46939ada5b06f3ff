"""Adding addresses to the suppression list by hand."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from subscribers.suppression.models import SuppressionReason
from subscribers.suppression.recording import Entry
from subscribers.suppression.rules import REACHED_BY

MOST_LINES = 50_000
HASH_LENGTHS = {64: "sha256", 32: "md5"}


class SuppressForm(forms.Form):
    """A list pasted line by line: addresses in clear, or hashes in hexadecimal, told apart by their length."""

    channel = forms.ChoiceField(
        label=_("Channel"), choices=[(channel, Channel(channel).label) for channel in REACHED_BY]
    )
    reason = forms.ChoiceField(
        label=_("Reason"), choices=SuppressionReason.choices, initial=SuppressionReason.OBJECTION
    )
    lines = forms.CharField(
        label=_("Addresses"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("One a line: addresses or phone numbers, or SHA-256 or MD5 hashes another tool exported."),
    )

    def clean_lines(self) -> list[str]:
        found = [line.strip(" \t,;\"'") for line in self.cleaned_data["lines"].splitlines()]
        found = [line for line in found if line]
        if len(found) > MOST_LINES:
            raise forms.ValidationError(_("At most 50,000 lines at a time; larger lists go through the API."))
        return found

    def entries(self) -> list[Entry]:
        given = self.cleaned_data
        return [entry_of(line, given["channel"], given["reason"]) for line in given["lines"]]


def entry_of(line: str, channel: str, reason: str) -> Entry:
    hexadecimal = all(mark in "0123456789abcdefABCDEF" for mark in line)
    hash_type = HASH_LENGTHS.get(len(line), "") if hexadecimal else ""
    if hash_type:
        return Entry(channel=channel, reason=reason, hash=line, hash_type=hash_type)
    return Entry(channel=channel, reason=reason, address=line)
