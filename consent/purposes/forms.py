"""The form of a purpose."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.purposes.actions import Materiality, PurposeValues
from consent.purposes.models import Basis, Kind, Purpose
from portal.channels import Channel
from portal.ui.forms import DayInput

# The languages of the public pages, by their own names.
LANGUAGES = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
}
FACTS = (
    "collected_directly", "sale", "similar", "same_legal_person", "objection_text", "free_accounts",
    "free_accounts_reason",
)  # fmt: skip
BALANCE = ("date", "author", "summary", "document")
PLAIN = (
    "name", "basis", "channels", "description", "double_opt_in", "valid_for_days", "public", "parent",
    "renew_before_days", "ask_again_after_days", "age_limit", "retention", "retention_from", "special_category",
    "explicit_wording", "profession_note",
)  # fmt: skip
LISTS = ("data_categories", "recipients")


def area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class PurposeForm(forms.Form):
    """Shape of a purpose; its rules are the action's. A purpose that exists shows its key and keeps it."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As people will read it."))
    key = forms.RegexField(
        r"^[a-z][a-z0-9_-]*$",
        label=_("Key"),
        max_length=50,
        help_text=_("Small letters, digits, hyphens and underscores; used in rules, imports and the API. It stays."),
        error_messages={"invalid": _("Start with a small letter; then small letters, digits, hyphens, underscores.")},
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=area(3),
        help_text=_("What people will receive, and how often."),
    )
    kind = forms.ChoiceField(
        label=_("What it is for"),
        choices=Kind.choices,
        initial=Kind.MESSAGE,
        widget=forms.RadioSelect,
        required=False,
        help_text=_("People agree to the tracking of opens and clicks apart from the messages, and may do without."),
    )
    basis = forms.ChoiceField(
        label=_("Basis"),
        choices=Basis.choices,
        initial=Basis.CONSENT,
        widget=forms.RadioSelect,
        help_text=_("The ground in law for writing. It can't be changed once people have chosen."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=Channel.choices,
        initial=[Channel.EMAIL.value],
        widget=forms.CheckboxSelectMultiple,
    )
    collected_directly = forms.BooleanField(
        label=_("The person gave us the address"), required=False, help_text=_("Not a partner, not a list.")
    )
    sale = forms.CharField(
        label=_("On which sale or service"),
        required=False,
        max_length=500,
        help_text=_("For example: orders in our shops and on our site."),
    )
    similar = forms.CharField(
        label=_("How what we offer is similar"),
        required=False,
        max_length=500,
        help_text=_("For example: furniture and lamps, like what was bought."),
    )
    same_legal_person = forms.BooleanField(
        label=_("The company that sold is the company that writes"),
        required=False,
        help_text=_("Not a sister company, not the group."),
    )
    objection_text = forms.CharField(
        label=_("How people could say no when they gave the address"),
        required=False,
        max_length=2000,
        widget=area(3),
        help_text=_("The words on the form or the order, as they stood there."),
    )
    free_accounts = forms.BooleanField(
        label=_("A free account counts as a sale"),
        required=False,
        help_text=_("The CNIL says it does not; the Court of Justice accepts it where payment is indirect (C-654/23)."),
    )
    free_accounts_reason = forms.CharField(
        label=_("Why a free account counts as a sale"), required=False, max_length=2000, widget=area(2)
    )
    date = forms.DateField(label=_("Day of the balance"), required=False, widget=DayInput())
    author = forms.CharField(label=_("Who weighed the interests"), required=False, max_length=200)
    summary = forms.CharField(
        label=_("What was weighed"),
        required=False,
        max_length=10_000,
        widget=area(4),
        help_text=_("Our interest, whether the message is needed for it, what it does to people, why it tips our way."),
    )
    document = forms.CharField(
        label=_("Document"),
        required=False,
        max_length=500,
        help_text=_("Where the whole balance is kept; it may stand for the text above."),
    )
    profession_note = forms.CharField(
        label=_("How it is about people's work"),
        required=False,
        widget=area(2),
        help_text=_("Without consent, e-mail and SMS go to people at work about their work, and to nobody else."),
    )
    special_category = forms.BooleanField(
        label=_("It uses special categories of data"),
        required=False,
        help_text=_("Health, beliefs, origin, politics, sex life, trade union, biometrics (article 9)."),
    )
    explicit_wording = forms.CharField(
        label=_("Explicit wording"),
        required=False,
        widget=area(2),
        help_text=_("The sentence people agree to, which names that data. It is asked for apart."),
    )
    data_categories = forms.CharField(
        label=_("Data used"),
        required=False,
        widget=area(3),
        help_text=_("One a line: e-mail address, first name, purchases, …"),
    )
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        widget=area(3),
        help_text=_("Who gets the data, by their real names, one a line: people may ask who."),
    )
    retention = forms.CharField(
        label=_("Kept for"), required=False, max_length=200, help_text=_("For example: three years.")
    )
    retention_from = forms.CharField(
        label=_("Counted from"), required=False, max_length=200, help_text=_("For example: the last click or order.")
    )
    double_opt_in = forms.BooleanField(
        label=_("Double opt-in"),
        required=False,
        help_text=_("People confirm by a link sent to them before they are written to."),
    )
    valid_for_days = forms.IntegerField(
        label=_("Valid for, in days"),
        required=False,
        min_value=1,
        max_value=36500,
        help_text=_("After that a consent expires and must be asked for again. Empty: no end."),
    )
    renew_before_days = forms.IntegerField(
        label=_("Ask again before the end, in days"),
        required=False,
        min_value=0,
        max_value=3650,
        help_text=_("From then on a consent counts as due for renewal. Empty: no wave before the end."),
    )
    ask_again_after_days = forms.IntegerField(
        label=_("Do not ask again for, in days"),
        initial=182,
        min_value=0,
        max_value=3650,
        help_text=_("After a refusal, or when somebody was asked and did not answer."),
    )
    age_limit = forms.IntegerField(
        label=_("Age limit"),
        required=False,
        min_value=0,
        max_value=99,
        help_text=_("Nobody younger is written to. Empty: the age of your country's law (France: 15). 0: none."),
    )
    parent = forms.ChoiceField(
        label=_("Shown below"), required=False, help_text=_("Groups purposes on pages; people still choose one by one.")
    )
    public = forms.BooleanField(
        label=_("Shown to people"),
        required=False,
        initial=True,
        help_text=_("In the preference centre."),
    )
    replaces = forms.ChoiceField(
        label=_("Replaces"),
        required=False,
        help_text=_("Whoever refused, withdrew or objected there has objected here, from the start."),
    )
    replaces_reason = forms.CharField(label=_("Why it replaces that purpose"), required=False, widget=area(2))
    material = forms.ChoiceField(
        label=_("Does this change what people agreed to?"),
        required=False,
        choices=[
            ("yes", _("Yes: ask again whoever agreed to the earlier words")),
            ("no", _("No: the same thing, said or done better")),
        ],
        widget=forms.RadioSelect,
        help_text=_("Asked when words, data or recipients change. New data or recipients nearly always do."),
    )
    material_reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=area(2),
        help_text=_("Kept with the version. A “no” needs one."),
    )

    def __init__(
        self,
        *args: Any,
        others: list[Purpose],
        locale: str,
        purpose: Purpose | None = None,
        used: bool = False,
        **kwargs: Any,
    ) -> None:
        self.languages = {code: name for code, name in LANGUAGES.items() if code != locale}
        if purpose is not None:
            kwargs["initial"] = initial_of(purpose)
        super().__init__(*args, **kwargs)
        self.used = used
        self.purpose = purpose
        for code, language in self.languages.items():
            self.fields[f"name_{code}"] = forms.CharField(
                label=_("Name (%(language)s)") % {"language": language}, required=False, max_length=100
            )
            self.fields[f"description_{code}"] = forms.CharField(
                label=_("Description (%(language)s)") % {"language": language}, required=False, widget=area(2)
            )
        self.fields["key"].disabled = purpose is not None
        self.fields["kind"].disabled = purpose is not None
        self.fields["basis"].disabled = used
        tops = [other for other in others if other.parent_id is None]
        self.offer("parent", tops)
        self.offer("replaces", others)

    def offer(self, name: str, purposes: list[Purpose]) -> None:
        choices = [(other.key, other.name) for other in purposes if other != self.purpose]
        cast("forms.ChoiceField", self.fields[name]).choices = [("", "—"), *choices]

    @property
    def translations(self) -> list[Any]:
        """The fields of the other languages, for the template."""
        return [self[f"{part}_{code}"] for code in self.languages for part in ("name", "description")]

    @property
    def values(self) -> PurposeValues:
        given = self.cleaned_data
        day = given["date"]
        return PurposeValues(
            **{name: given[name] for name in PLAIN},
            kind=given["kind"] or Kind.MESSAGE.value,
            texts=self.texts,
            data_categories=lines(given["data_categories"]),
            recipients=lines(given["recipients"]),
            soft_opt_in=facts_of({name: given[name] for name in FACTS}),
            balance=facts_of({**{name: given[name] for name in BALANCE}, "date": day.isoformat() if day else ""}),
        )

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        kept = {code: dict(text) for code, text in (self.purpose.texts if self.purpose else {}).items()}
        for code in self.languages:
            text = {part: self.cleaned_data[f"{part}_{code}"].strip() for part in ("name", "description")}
            kept.pop(code, None)
            if any(text.values()):
                kept[code] = text
        return kept

    @property
    def materiality(self) -> Materiality:
        said = {"yes": True, "no": False}.get(self.cleaned_data["material"])
        return Materiality(said, self.cleaned_data["material_reason"], demanded=True)


def lines(text: str) -> list[str]:
    """One entry a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def facts_of(given: dict[str, Any]) -> dict[str, Any]:
    """Nothing at all where nothing was said."""
    return given if any(given.values()) else {}


def initial_of(purpose: Purpose) -> dict[str, Any]:
    texts = {
        f"{part}_{code}": text.get(part, "") for code, text in purpose.texts.items() for part in ("name", "description")
    }
    return {
        **{name: getattr(purpose, name) for name in ("key", "kind", *PLAIN)},
        "parent": purpose.parent.key if purpose.parent else "",
        **{name: "\n".join(getattr(purpose, name)) for name in LISTS},
        **purpose.soft_opt_in,
        **purpose.balance,
        **texts,
    }
