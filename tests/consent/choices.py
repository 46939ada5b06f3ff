"""Purposes and choices that the tests of consent share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django_scopes import scope

from consent.ledger.models import ConsentState
from consent.ledger.recording import Choice, record_events
from consent.purposes.models import Basis, Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
EVIDENCE = {"form": "Newsletter", "text": "I want the newsletter."}


def new_purpose(organisation: Organisation, key: str = "newsletter", **values: Any) -> Purpose:
    """A purpose on consent, by e-mail and SMS unless told otherwise."""
    values = {
        "name": key.capitalize(),
        "basis": Basis.CONSENT,
        "channels": ["email", "sms"],
        "created_at": NOW,
        "updated_at": NOW,
        **values,
    }
    with scope(organisation=organisation):
        return Purpose.objects.create(organisation=organisation, key=key, **values)


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
