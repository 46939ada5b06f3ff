"""Forms about an import that has ended: the verdicts on its sample, and why it is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscribers.imports.models import ImportSample, Verdict


class SampleForm(forms.Form):
    """`verdict_<line>` and `note_<line>` for each row of the sample; what is left empty is checked another time."""

    final = forms.BooleanField(
        label=_("A row is not proven, and I know that this keeps the whole list in quarantine for good."),
        required=False,
    )

    def __init__(self, sample: Sequence[ImportSample], data: Any = None) -> None:
        self.sample = sample
        super().__init__(data)
        for row in sample:
            self.fields[f"verdict_{row.line}"] = forms.ChoiceField(
                label=_("Verdict on line %(line)s") % {"line": row.line},
                choices=Verdict.choices,
                required=False,
                initial=row.verdict,
                widget=forms.RadioSelect,
            )
            self.fields[f"note_{row.line}"] = forms.CharField(
                label=_("Note on line %(line)s") % {"line": row.line},
                required=False,
                max_length=2000,
                initial=row.note,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        unproven = any(data.get(f"verdict_{row.line}") == Verdict.UNPROVEN for row in self.sample)
        if unproven and not data.get("final"):
            self.add_error("final", _("Confirm that this is final, or choose another verdict."))
        return data

    def checked(self) -> list[dict[str, Any]]:
        """The verdicts that were given."""
        return [
            {"row": row.line, "verdict": verdict, "note": self.cleaned_data[f"note_{row.line}"]}
            for row in self.sample
            if (verdict := self.cleaned_data[f"verdict_{row.line}"])
        ]

    def rows(self) -> Iterator[tuple[ImportSample, forms.BoundField, forms.BoundField]]:
        for row in self.sample:
            yield row, self[f"verdict_{row.line}"], self[f"note_{row.line}"]


class FreezeForm(forms.Form):
    reason = forms.CharField(
        label=_("Why is this lot recalled?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with the import and in the audit log. No names or addresses."),
    )
