"""Shape of what the DPO types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.archive.actions import LONGEST_REASON
from consent.archive.models import LONGEST_DAYS, ProofPolicy


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        help_text=_("Which dispute, or which question of the authority. It is kept in the audit log: name nobody."),
    )


class ArchiveForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days in the archive"),
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text=_("After that it is destroyed by itself."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        help_text=_("The law or the limitation period it rests on. It is kept in the audit log: name nobody."),
    )


class DestructionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        help_text=_("For instance the end of the limitation period. It is kept in the audit log: name nobody."),
    )


class PolicyForm(forms.ModelForm[ProofPolicy]):
    archive_days = forms.IntegerField(
        label=_("Days in the archive"),
        min_value=0,
        max_value=LONGEST_DAYS,
        help_text=ProofPolicy._meta.get_field("archive_days").help_text,
    )

    class Meta:
        model = ProofPolicy
        fields = ("archive_days", "archive_reason", "receipts")
        labels = {"archive_reason": _("Reason"), "receipts": _("Receipts by e-mail")}

    def __init__(self, data: Any = None, *, instance: ProofPolicy) -> None:
        # The action compares with what is stored: the form must not write into that object.
        initial = {name: getattr(instance, name) for name in self._meta.fields or ()}
        super().__init__(data, initial=initial)
