"""What the pages of a purpose show: people by status, what it lacks, and how its words have changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.purposes.ages import age_limit
from consent.purposes.forms import LANGUAGES
from consent.purposes.models import Basis, Kind, Purpose
from consent.purposes.queries import versions_of
from consent.purposes.rules import balance_age, needs_agreement, shortcomings
from consent.renewal.queries import standings_of
from portal.channels import Channel
from portal.ui.components import Part, Text
from portal.ui.statuses import look_of

ANSWERS = ("granted", "paused", "unconfirmed", "expired", "unanswered", "refused", "withdrawn", "objected")
SAID_YES, SAID_NO = ("granted", "paused"), ("refused", "withdrawn", "objected")
LABELS: Mapping[str, Text] = {
    "name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "texts": gettext_lazy("Other languages"),
    "basis": gettext_lazy("Basis"),
    "channels": gettext_lazy("Channels"),
    "double_opt_in": gettext_lazy("Double opt-in"),
    "valid_for_days": gettext_lazy("Valid for, in days"),
    "kind": gettext_lazy("What it is for"),
    "age_limit": gettext_lazy("Age limit"),
    "data_categories": gettext_lazy("Data used"),
    "recipients": gettext_lazy("Recipients"),
    "retention": gettext_lazy("Kept for"),
    "retention_from": gettext_lazy("Counted from"),
    "special_category": gettext_lazy("Special categories of data"),
    "explicit_wording": gettext_lazy("Explicit wording"),
    "soft_opt_in": gettext_lazy("Facts of the soft opt-in"),
    "balance": gettext_lazy("Balance of interests"),
    "profession_note": gettext_lazy("How it is about people's work"),
}
FACT_LABELS: Mapping[str, Text] = {
    "collected_directly": gettext_lazy("The person gave us the address"),
    "sale": gettext_lazy("On which sale or service"),
    "similar": gettext_lazy("How what we offer is similar"),
    "same_legal_person": gettext_lazy("The company that sold is the company that writes"),
    "objection_text": gettext_lazy("How people could say no when they gave the address"),
    "free_accounts": gettext_lazy("A free account counts as a sale"),
    "free_accounts_reason": gettext_lazy("Why a free account counts as a sale"),
    "date": gettext_lazy("Day of the balance"),
    "author": gettext_lazy("Who weighed the interests"),
    "summary": gettext_lazy("What was weighed"),
    "document": gettext_lazy("Document"),
}


@dataclass(frozen=True)
class ChannelLine:
    """Where people stand on one channel."""

    channel: str
    label: Text
    parts: list[Part]
    due: int
    asks: bool
    """Must each person agree first?"""

    @property
    def people(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def agreed(self) -> int:
        return sum(part.count for part in self.parts if part.code in SAID_YES)

    @property
    def answered(self) -> int:
        """Who said yes or no, themselves."""
        return sum(part.count for part in self.parts if part.code in (*SAID_YES, *SAID_NO))


@dataclass(frozen=True)
class Word:
    """A piece of a value: ``mark`` is ``del``, ``ins`` or empty."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Difference:
    """One value in two versions, in pieces; ``changed`` where they are not the same."""

    label: Text
    before: list[Word]
    after: list[Word]

    @property
    def changed(self) -> bool:
        return any(word.mark for word in (*self.before, *self.after))


def detail_of(purpose: Purpose, *, now: datetime) -> dict[str, Any]:
    """The context of a purpose's page; a handful of queries, whatever the number of people."""
    today = now.astimezone(purpose.organisation.zone).date()
    standings = standings_of(purpose.organisation, now=now)
    lines = [
        ChannelLine(
            channel,
            Channel(channel).label,
            [
                Part(status, look_of(status).label, count)
                for status in ANSWERS
                if (count := standings.statuses.get((purpose.pk, channel), {}).get(status, 0))
            ],
            standings.due.get((purpose.pk, channel), 0),
            needs_agreement(purpose, channel, now=now),
        )
        for channel in purpose.channels
    ]
    lacks = shortcomings(purpose, today=today)
    return {
        "lines": lines,
        "as_of": standings.counted_at if standings.kept else None,
        "missing": [found for found in lacks if found.missing],
        "warnings": [found for found in lacks if not found.missing],
        "facts": shown(purpose.soft_opt_in) if purpose.basis == Basis.SOFT_OPT_IN else [],
        "balance": shown(purpose.balance) if purpose.basis == Basis.LEGITIMATE_INTEREST else [],
        "balance_age": balance_age(purpose, today),
        "age": age_limit(purpose.organisation.country, purpose),
        "translations": [(LANGUAGES.get(code, code), text) for code, text in sorted(purpose.texts.items())],
        "versions": list(versions_of(purpose).order_by("-number")[:20]),
        "children": list(purpose.children.order_by("name")),
    }


def shown(facts: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """Label and words of each fact that is there."""
    return [(label, words_of(facts[name], name)) for name, label in FACT_LABELS.items() if facts.get(name)]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Value by value, those that say anything in either version."""
    found = []
    for name, label in LABELS.items():
        old, new = (words_of(values.get(name), name) for values in (before, after))
        if old or new:
            found.append(Difference(label, *compared(old, new)))
    return found


def compared(old: str, new: str) -> tuple[list[Word], list[Word]]:
    """Both texts in pieces, with what went and what came marked, word by word."""
    left, right = pieces(old), pieces(new)
    before: list[Word] = []
    after: list[Word] = []
    for operation, i, j, k, end in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        same = operation == "equal"
        if i < j:
            before.append(Word("".join(left[i:j]), "" if same else "del"))
        if k < end:
            after.append(Word("".join(right[k:end]), "" if same else "ins"))
    return before, after


def pieces(text: str) -> list[str]:
    """Words, spaces and signs."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def words_of(value: Any, name: str = "") -> str:
    """A value as one reads it; empty for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "date":
        return date_format(date.fromisoformat(value))
    if name == "basis":
        return str(Basis(value).label)
    if name == "kind":
        return str(Kind(value).label)
    if name == "channels":
        return "\n".join(str(Channel(channel).label) for channel in value)
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(entry_of(key, item) for key, item in sorted(value.items()) if words_of(item))
    return str(value)


def entry_of(key: str, item: Any) -> str:
    if isinstance(item, dict):  # the texts of a language
        label, text = LANGUAGES.get(key, key), " — ".join(part for part in item.values() if part)
    else:
        label, text = str(FACT_LABELS.get(key, key)), words_of(item, key)
    return _("%(label)s: %(text)s") % {"label": label, "text": text}
