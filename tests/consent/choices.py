"""Purposes and choices that the tests of consent share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django_scopes import scope

from consent.ledger.models import ConsentState
from consent.ledger.recording import Choice, record_events
from consent.purposes.models import Basis, Purpose
from consent.purposes.versions import write_version
from consent.texts.kept import KeptText, noted, purpose_text
from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
# What soft opt-in and legitimate interest must show (B-03, B-06).
FACTS = {
    "collected_directly": True,
    "sale": "Orders in our shops",
    "similar": "Lamps, like those that were bought",
    "same_legal_person": True,
    "objection_text": "Tick here if you want no offers.",
    "free_accounts": False,
    "free_accounts_reason": "",
}
BALANCE = {"date": "2026-05-04", "author": "Ada Byron", "summary": "They expect it; they can object.", "document": ""}
EVIDENCE = {"form": "Newsletter", "text": "I want the newsletter."}


def new_purpose(organisation: Organisation, key: str = "newsletter", **values: Any) -> Purpose:
    """A purpose on consent, by e-mail and SMS unless told otherwise."""
    values = {
        "name": key.capitalize(),
        "basis": Basis.CONSENT,
        "channels": ["email", "sms"],
        "created_at": NOW,
        "updated_at": NOW,
        "soft_opt_in": FACTS if values.get("basis") == Basis.SOFT_OPT_IN else {},
        "balance": BALANCE if values.get("basis") == Basis.LEGITIMATE_INTEREST else {},
        **values,
    }
    with scope(organisation=organisation):
        purpose = Purpose.objects.create(organisation=organisation, key=key, **values)
        note_texts(organisation, [purpose_text(write_version(purpose, by=None, at=NOW))])
        return purpose


def note_texts(organisation: Organisation, texts: Iterable[KeptText]) -> None:
    """What the audit log says of versions that were written past their actions."""
    audit.record(actor=Actor.system(organisation), action="texts.recorded", target_type="texts", details=noted(texts))


def choose(contact: Contact, purpose: Purpose, action: str, **values: Any) -> int | None:
    """Record one choice, by e-mail through a form at ``NOW`` unless told otherwise."""
    now = values.pop("now", NOW)
    values = {"channel": "email", "source": "form", "occurred_at": now, "evidence": EVIDENCE, **values}
    choice = Choice(contact_id=contact.pk, purpose_id=purpose.pk, action=action, **values)
    return record_events(contact.organisation, [choice], now=now)[0]


def state_of(contact: Contact, purpose: Purpose, channel: str = "email") -> ConsentState | None:
    with scope(organisation=contact.organisation):
        return ConsentState.objects.filter(contact=contact, purpose=purpose, channel=channel).first()


def status_of(contact: Contact, purpose: Purpose, channel: str = "email") -> str | None:
    state = state_of(contact, purpose, channel)
    return state.status if state else None
