"""Forms of the notices' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.notices.actions import NoticeDraft
from consent.notices.kinds import NoticeKind
from consent.purposes.models import Purpose


class NoticeForm(forms.Form):
    """What a new notice starts from; the text itself is written in the editor."""

    title = forms.CharField(label=_("Name"), max_length=200, help_text=_("For yourselves: “Sign-up on the web site”."))
    key = forms.RegexField(
        r"^[a-z][a-z0-9-]*$",
        label=_("Key"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens; part of the public address. It stays."),
        error_messages={"invalid": _("Start with a small letter; then small letters, digits, hyphens.")},
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=NoticeKind.choices, widget=forms.RadioSelect)
    purposes = forms.MultipleChoiceField(
        label=_("Purposes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Those the notice explains. A purpose that rests on consent gets its own question."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, widget=forms.CheckboxSelectMultiple
    )
    from_elsewhere = forms.BooleanField(
        label=_("The data does not come from the people themselves"),
        required=False,
        help_text=_("Then article 14 asks for the kinds of data and the very source as well."),
    )
    source = forms.CharField(label=_("Where the data comes from"), required=False, max_length=300)

    def __init__(self, *args: Any, purposes: list[Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purposes"].choices = [(each.key, each.name) for each in purposes]  # type: ignore[attr-defined]

    @property
    def draft(self) -> NoticeDraft:
        values = self.cleaned_data
        return NoticeDraft(
            key=values["key"],
            title=values["title"],
            kind=values["kind"],
            purposes=values["purposes"],
            languages=values["languages"],
            from_person=not values["from_elsewhere"],
            source=values["source"],
        )


class DecisionForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed to send it back: what should change."),
    )
