"""Made-up content for the gallery of components: what designers look at and accessibility tests run on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.ui.components import Dot, FunnelDrop, FunnelStep, Part, Point, Stack, TimelineEntry
from portal.ui.lists import Column, Filter, ListSpec
from portal.ui.statuses import LOOKS


@dataclass(frozen=True)
class Specimen:
    pk: int
    name: str
    email: str
    state: str
    count: int


ROWS = [
    Specimen(1, "Camille Bernard", "camille.bernard@mail.example", "granted", 12),
    Specimen(2, "Nikhil Rao", "nikhil@rao.example", "withdrawn", 3),
    Specimen(3, "Åsa Lindqvist", "asa@lindqvist.example", "unconfirmed", 1450),
]

LIST = ListSpec(
    columns=(
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("email", gettext_lazy("E-mail")),
        Column("state", gettext_lazy("State")),
        Column("count", gettext_lazy("Events"), sort="count", numeric=True),
    ),
    filters=(
        Filter(
            "state",
            gettext_lazy("State"),
            choices=[(name, LOOKS[name].label) for name in ("granted", "withdrawn", "unconfirmed")],
        ),
    ),
    search=gettext_lazy("Name or e-mail"),
    default_sort="name",
)


class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    email = forms.EmailField(label=gettext_lazy("E-mail"), help_text=gettext_lazy("Only used for this example."))
    amount = forms.IntegerField(label=gettext_lazy("Days"), min_value=1)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=[("en", "English"), ("fr", "Français")])
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"),
        choices=[
            ("email", gettext_lazy("E-mail")),
            ("sms", gettext_lazy("SMS")),
            ("post", gettext_lazy("Post")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Basis"),
        choices=[("consent", gettext_lazy("Consent")), ("contract", gettext_lazy("Contract"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    agree = forms.BooleanField(label=gettext_lazy("I have checked this"), required=False)


def specimens(request: HttpRequest) -> dict[str, Any]:
    """The context of the gallery; ``?toast=1`` shows a message, too."""
    listing = LIST.read(request)
    listing.load_rows([] if request.GET.get("empty") else ROWS, next_id=3)
    if request.GET.get("toast"):
        messages.success(request, _("Saved."))
    return {
        "listing": listing,
        "form": SpecimenForm(),
        "broken_form": SpecimenForm(
            {"broken-name": "", "broken-email": "camille@", "broken-amount": "0"}, auto_id="broken_%s", prefix="broken"
        ),
        "statuses": list(LOOKS),
        "step_labels": [_("File"), _("Columns"), _("Origin"), _("Check")],
        "funnel_steps": funnel_steps(),
        "points": [Point(f"{day}", (day * 37) % 100 + day) for day in range(1, 31)],
        "dots": [Dot(f"{day}", None if day in {11, 12} else 40 + (day * 7) % 30) for day in range(1, 31)],
        "stacks": [
            Stack(
                f"{day}",
                [
                    Part("granted", LOOKS["granted"].label, (day * 7) % 40 + 20),
                    Part("refused", LOOKS["refused"].label, (day * 5) % 20),
                    Part("unanswered", LOOKS["unanswered"].label, day % 9),
                ],
            )
            for day in range(1, 31)
        ],
        "parts": [
            Part("created", LOOKS["created"].label, 12_480),
            Part("updated", LOOKS["updated"].label, 3_100),
            Part("unchanged", LOOKS["unchanged"].label, 2_210),
            Part("suppressed", LOOKS["suppressed"].label, 140),
            Part("rejected", LOOKS["rejected"].label, 612),
        ],
        "entries": timeline_entries(),
    }


def funnel_steps() -> list[FunnelStep]:
    return [
        FunnelStep(_("Segment"), 18_240),
        FunnelStep(_("Reachable"), 17_020, [FunnelDrop("unreachable", LOOKS["unreachable"].label, 1_220)]),
        FunnelStep(
            _("Consented"),
            11_846,
            [
                FunnelDrop("no_consent", LOOKS["no_consent"].label, 3_910),
                FunnelDrop("withdrawn", LOOKS["withdrawn"].label, 964),
                FunnelDrop("unconfirmed", LOOKS["unconfirmed"].label, 300),
            ],
        ),
        FunnelStep(_("Allowed"), 11_702, [FunnelDrop("suppressed", LOOKS["suppressed"].label, 144)]),
    ]


def timeline_entries() -> list[TimelineEntry]:
    now = timezone.now()
    return [
        TimelineEntry(now, _("Withdrew: newsletter by e-mail"), _("One click in a message"), "arrow-back-up", "danger"),
        TimelineEntry(now - timedelta(days=40), _("Agreed: newsletter by e-mail"), _("Form"), "check", "success"),
        TimelineEntry(now - timedelta(days=41), _("Imported"), "customers.csv", "file-import", actor="Ada"),
    ]
