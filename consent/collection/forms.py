"""The form of a collection point, and the one by which a member records what stands on a paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent.children.forms import ChildForm
from consent.children.rules import ParentCheck
from consent.collection.actions import LONGEST_TEXT, PointValues
from consent.collection.documents import BASICS, INPUTS, Document, choice_key
from consent.collection.models import Asking, CollectionPoint, PointKind
from consent.collection.reporting import Report
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.ui.forms import MomentInput
from subscribers.fields.models import Field

# On a paper nobody spoke, in a call nobody signed.
IMPOSSIBLE_CHECKS: dict[str, tuple[str, ...]] = {
    PointKind.PAPER: (ParentCheck.SAME_CALL,),
    PointKind.PHONE: (ParentCheck.SAME_SHEET,),
}
BASIC_LABELS = {"first_name": _("First name"), "last_name": _("Last name"), "phone": _("Phone number")}


class PointForm(forms.Form):
    """Shape of a collection point; its rules are the action's and the linter's."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For you; visitors read the title below."))
    key = forms.RegexField(
        r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
        label=_("Key"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens. It is part of the form's address, and stays."),
        error_messages={"invalid": _("Small letters, digits and hyphens, the first and the last no hyphen.")},
    )
    kind = forms.ChoiceField(
        label=_("Where people are asked"), choices=PointKind.choices, widget=forms.RadioSelect, initial=PointKind.FORM
    )
    notice = forms.ChoiceField(
        label=_("Notice"), required=False, help_text=_("What people are told before they choose (GDPR art. 13).")
    )
    choices = forms.MultipleChoiceField(
        label=_("What is asked for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets a choice of its own, empty at first and never required."),
    )
    asking = forms.ChoiceField(
        label=_("How it is put"), choices=Asking.choices, widget=forms.RadioSelect, initial=Asking.BOXES
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple
    )
    double_opt_in = forms.BooleanField(
        label=_("Double opt-in"),
        required=False,
        initial=True,
        help_text=_(
            "People confirm by a link sent to them. Always on where a purpose demands it, and on web forms that ask "
            "for the age."
        ),
    )
    age_question = forms.BooleanField(
        label=_("Ask for the age"),
        required=False,
        help_text=_("Below the age of your country a parent agrees as well (GDPR art. 8)."),
    )
    origins = forms.CharField(
        label=_("Sites that may embed it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://www.shop.example"}),
        help_text=_("One a line. Other sites can only link to it."),
    )
    accent = forms.CharField(
        label=_("Colour of the button"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"placeholder": "#0f6b67"}),
        help_text=_("Six hexadecimal digits, dark enough to be seen on white. Empty: the organisation's."),
    )

    def __init__(
        self,
        *args: Any,
        purposes: Sequence[Purpose],
        fields: Sequence[Field],
        notices: Sequence[tuple[str, str]],
        point: CollectionPoint | None = None,
        **kwargs: Any,
    ) -> None:
        self.askable = [(name, BASIC_LABELS[name]) for name in BASICS] + [
            (f"attributes.{field.key}", field.label) for field in fields if field.type in INPUTS
        ]
        self.point = point
        if point is not None:
            kwargs["initial"] = self.initial_of(point)
        super().__init__(*args, **kwargs)
        self.pairs = {
            choice_key(purpose.key, channel): (purpose, channel) for purpose in purposes for channel in purpose.channels
        }
        self.choose(
            "choices", [(key, f"{p.name} · {Channel(channel).label}") for key, (p, channel) in self.pairs.items()]
        )
        known = [(key, f"{title} ({key})") for key, title in notices]
        if point is not None and point.notice and point.notice not in dict(known):
            known.append((point.notice, point.notice))
        self.choose("notice", [("", _("None yet")), *known])
        self.fields["key"].disabled = point is not None
        self.add_texts()
        self.add_reasons()

    def choose(self, name: str, options: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = list(options)

    def add_texts(self) -> None:
        labels = {"title": _("Title"), "intro": _("Introduction"), "thanks": _("Thanks, once confirmed")}
        for language, spoken in settings.LANGUAGES:
            for name, longest in LONGEST_TEXT.items():
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=format_lazy("{} ({})", labels[name], spoken),
                    required=False,
                    max_length=longest,
                    widget=forms.TextInput() if name == "title" else forms.Textarea(attrs={"rows": 2}),
                )

    def add_reasons(self) -> None:
        for name, label in self.askable:
            self.fields[f"why_{name}"] = forms.CharField(
                label=label, required=False, max_length=300, help_text=_("Why you need it. Empty: it is not asked.")
            )

    @staticmethod
    def initial_of(point: CollectionPoint) -> dict[str, Any]:
        plain = ("name", "key", "kind", "notice", "asking", "languages", "double_opt_in", "age_question", "accent")
        return {
            **{name: getattr(point, name) for name in plain},
            "choices": [choice_key(choice["purpose"], choice["channel"]) for choice in point.choices],
            "origins": "\n".join(point.origins),
            **{f"why_{field['name']}": field["justification"] for field in point.fields},
            **{f"{name}_{lang}": text for lang, texts in point.texts.items() for name, text in texts.items()},
        }

    def bound(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names]

    @property
    def first(self) -> list[forms.BoundField]:
        return self.bound("name", "key", "kind", "notice", "choices")

    @property
    def words(self) -> list[forms.BoundField]:
        return self.bound(*[f"{name}_{language}" for language, _spoken in settings.LANGUAGES for name in LONGEST_TEXT])

    @property
    def reasons(self) -> list[forms.BoundField]:
        return self.bound(*[f"why_{name}" for name, _label in self.askable])

    @property
    def rest(self) -> list[forms.BoundField]:
        return self.bound("double_opt_in", "age_question", "origins", "accent")

    @property
    def values(self) -> PointValues:
        given = self.cleaned_data
        required = {field["name"]: field["required"] for field in self.point.fields} if self.point else {}
        pairs = [self.pairs[key] for key in given.get("choices", [])]
        plain = ("name", "kind", "notice", "asking", "languages", "double_opt_in", "age_question", "accent")
        return PointValues(
            **{name: given[name] for name in plain if name in given and name != "name"},
            name=given.get("name", ""),
            choices=[{"purpose": purpose.key, "channel": channel} for purpose, channel in pairs],
            fields=[
                {"name": name, "justification": given[f"why_{name}"], "required": required.get(name, False)}
                for name, _label in self.askable
                if given.get(f"why_{name}")
            ],
            texts={
                language: {name: given.get(f"{name}_{language}", "") for name in LONGEST_TEXT}
                for language, _spoken in settings.LANGUAGES
            },
            origins=given.get("origins", "").split(),
        )


class ReportForm(ChildForm):
    """What a person answered on paper or in a call, as a member types it in; every box empty at first."""

    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone number"), required=False, max_length=40)
    first_name = forms.CharField(label=_("First name"), required=False, max_length=200)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=200)
    language = forms.ChoiceField(label=_("Language of the form"))
    choices = forms.MultipleChoiceField(
        label=_("What the person ticked or said yes to"), widget=forms.CheckboxSelectMultiple
    )
    occurred_at = forms.DateTimeField(
        label=_("When the person answered"),
        widget=MomentInput(),
        help_text=_("The date on the paper, or of the call."),
    )
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=200,
        help_text=_("Where the paper is filed, or the number of the call or of its recording."),
    )
    scan = forms.FileField(
        label=_("Scan"), required=False, help_text=_("PDF or picture. It is stored encrypted, as part of the proof.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, document: Document, **kwargs: Any) -> None:
        kind = document["config"]["kind"]
        super().__init__(*args, limit=document["age_limit"], without=IMPOSSIBLE_CHECKS.get(kind, ()), **kwargs)
        words = next(iter(document["languages"].values()))
        self.offered = {choice["key"]: choice for choice in words["choices"]}
        spoken = dict(settings.LANGUAGES)
        choices, language = self.fields["choices"], self.fields["language"]
        assert isinstance(choices, forms.ChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(language, forms.ChoiceField)  # noqa: S101 - for the type checker
        choices.choices = [(key, choice["label"]) for key, choice in self.offered.items()]
        language.choices = [(code, spoken.get(code, code)) for code in document["languages"]]

    @property
    def person(self) -> list[forms.BoundField]:
        return [self[name] for name in ("email", "phone", "first_name", "last_name")]

    @property
    def answer(self) -> list[forms.BoundField]:
        return [self[name] for name in ("language", "choices", "occurred_at")]

    @property
    def proof(self) -> list[forms.BoundField]:
        return [self[name] for name in ("reference", "scan", "note")]

    def report(self) -> Report:
        given = self.cleaned_data
        occurred_at: datetime = given["occurred_at"]
        return Report(
            contact={name: given[name] for name in ("email", "phone", "first_name", "last_name")},
            choices=[
                {"purpose": self.offered[key]["purpose"], "channel": self.offered[key]["channel"], "action": "grant"}
                for key in given["choices"]
            ],
            language=given["language"],
            occurred_at=occurred_at,
            reference=given["reference"].strip(),
            evidence={"note": given["note"].strip()} if given["note"].strip() else {},
            scan=given["scan"],
            age=self.age_told(),
            parent=self.parent_told(),
        )
