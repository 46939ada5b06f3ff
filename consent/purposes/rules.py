"""What the law asks of a purpose besides its name: pure decisions on its values.

:func:`shortcomings` are what is still missing or odd: pages demand what is missing, the API answers both as
``warnings``. :func:`needs_agreement` is the gate's question. The page for readers is ``docs/build/purposes.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from consent.purposes.models import Basis, Kind
from portal.channels import Channel

if TYPE_CHECKING:
    from consent.purposes.models import Purpose
    from portal.ui.components import Text

# Loi 2025-594: from this day calls to consumers need their consent, but for a contract that runs (B-08).
CALLS_NEED_CONSENT = datetime(2026, 8, 10, 22, 0, tzinfo=UTC)  # midnight in Paris
BALANCE_IS_OLD_AFTER_DAYS = 365
SOFT_OPT_IN_FACTS: Mapping[str, Text] = {
    "collected_directly": _("The address came from the person, directly."),
    "sale": _("On which sale or service it was collected."),
    "similar": _("How what you offer is similar to it."),
    "same_legal_person": _("The same company sold and writes."),
    "objection_text": _("The text by which people could say no, free of charge, when they gave the address."),
}
BALANCE_FACTS: Mapping[str, Text] = {
    "date": _("The day of the balance."),
    "author": _("Who weighed the interests."),
    "summary": _("What was weighed and why it tips, or the document that says so."),
}
# A change of these may change what people agreed to: whoever makes it is asked (C-10).
ASKED_ABOUT = frozenset(
    {"name", "description", "texts", "data_categories", "recipients", "special_category", "explicit_wording"}
)
# These change how Accord goes about it, not what people agreed to: no new version.
NOT_VERSIONED = frozenset({"parent", "public", "renew_before_days", "ask_again_after_days"})


@dataclass(frozen=True)
class Shortcoming:
    """Something a purpose lacks: a stable code, its place among the values, a sentence; ``missing``: must be given."""

    code: str
    loc: tuple[str, ...]
    detail: Text
    missing: bool = True

    @property
    def path(self) -> str:
        return ".".join(self.loc)


def kind_for(key: str) -> str:
    """The kind of a purpose that names none: who calls it `tracking` means the tracking of opens and clicks."""
    return Kind.TRACKING.value if key == "tracking" else Kind.MESSAGE.value


def given(value: Any) -> bool:
    """True for a yes and for a text with something in it."""
    return value is True or (isinstance(value, str) and bool(value.strip()))


def missing_facts(facts: Mapping[str, Any]) -> list[str]:
    """The facts of B-03 that are not there; a free account counts as a sale only with its reason (B-04)."""
    found = [name for name in SOFT_OPT_IN_FACTS if not given(facts.get(name))]
    if facts.get("free_accounts") and not given(facts.get("free_accounts_reason")):
        found.append("free_accounts_reason")
    return found


def missing_balance(balance: Mapping[str, Any]) -> list[str]:
    """What the balance of B-06 lacks; a document stands for the summary."""
    found = [name for name in BALANCE_FACTS if not given(balance.get(name))]
    return [name for name in found if name != "summary" or not given(balance.get("document"))]


def is_soft_opt_in_closed(basis: str, facts: Mapping[str, Any]) -> bool:
    """B-03: soft opt-in passes only with its facts; without them it is worth no more than asking for consent."""
    return basis == Basis.SOFT_OPT_IN and bool(missing_facts(facts))


def needs_agreement(purpose: Purpose, channel: str, *, now: datetime) -> bool:
    """Must each person have agreed before they are written to on this channel? The gate's question."""
    if purpose.basis == Basis.CONSENT or is_soft_opt_in_closed(purpose.basis, purpose.soft_opt_in):
        return True
    return channel == Channel.PHONE and now >= CALLS_NEED_CONSENT and calls_consumers(purpose)


def calls_consumers(purpose: Purpose) -> bool:
    """On a basis that is no ground for calling consumers; people at work are called about their work (B-05, B-08)."""
    if purpose.basis == Basis.SOFT_OPT_IN:
        return True
    return purpose.basis == Basis.LEGITIMATE_INTEREST and not given(purpose.profession_note)


def shortcomings(purpose: Purpose, *, today: date) -> list[Shortcoming]:
    """Everything a purpose still lacks, and what is odd about it, in the order of the form."""
    return [*basis_shortcomings(purpose, today), *retention_shortcomings(purpose)]


def basis_shortcomings(purpose: Purpose, today: date) -> Iterator[Shortcoming]:
    if purpose.basis == Basis.SOFT_OPT_IN:
        for name in missing_facts(purpose.soft_opt_in):
            detail = SOFT_OPT_IN_FACTS.get(name, _("Why a free account counts as a sale."))
            yield Shortcoming("soft_opt_in_facts_required", ("soft_opt_in", name), detail)
    if purpose.basis == Basis.LEGITIMATE_INTEREST:
        yield from interest_shortcomings(purpose, today)
    if Channel.PHONE in purpose.channels and calls_consumers(purpose):
        detail = _("Since 11 August 2026 consumers are called only with their consent, or about a contract that runs.")
        yield Shortcoming("phone_needs_consent", ("channels",), detail, missing=False)


def interest_shortcomings(purpose: Purpose, today: date) -> Iterator[Shortcoming]:
    for name in missing_balance(purpose.balance):
        yield Shortcoming("balance_required", ("balance", name), BALANCE_FACTS[name])
    age = balance_age(purpose, today)
    if age is not None and age > BALANCE_IS_OLD_AFTER_DAYS:
        yield Shortcoming(
            "balance_old", ("balance", "date"), _("The balance is more than a year old: weigh it again."), missing=False
        )
    if not given(purpose.profession_note):
        detail = _("E-mail and SMS without consent are for people at work, about their work: say how they are.")
        yield Shortcoming("profession_note_required", ("profession_note",), detail, missing=False)


def retention_shortcomings(purpose: Purpose) -> Iterator[Shortcoming]:
    if not (given(purpose.retention) and given(purpose.retention_from)):
        detail = _("How long the data is kept for this, and counted from what (R-01).")
        yield Shortcoming("retention_required", ("retention",), detail, missing=False)


def balance_age(purpose: Purpose, today: date) -> int | None:
    """The age of the balance of interests in days; None when it has no date."""
    try:
        return (today - date.fromisoformat(str(purpose.balance.get("date", "")))).days
    except ValueError:
        return None


def is_material_by_default(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """More data, more recipients or a special category are news to whoever agreed; another wording need not be."""
    more = any(set(after[name]) - set(before[name]) for name in ("data_categories", "recipients"))
    return more or (after["special_category"] and not before["special_category"])


def may_be_asked(status: str, *, answered_at: datetime | None, days: int, renewal_due: bool, now: datetime) -> bool:
    """May this person be asked (again)? ``answered_at``: when they last said no, or were asked and said nothing (C-12).

    Whoever agreed is asked again when their consent is due for renewal; whoever objected never is, but comes by
    themselves.
    """
    if status == "objected":
        return False
    if status in {"granted", "paused", "unconfirmed"} and not renewal_due:
        return False
    return answered_at is None or (now - answered_at).days >= days
