"""Choices that other systems report, one or ten thousand at once: found out whom and what they mean, then recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import rfc8785
from django.db import transaction

from consent.ledger.actions import SOURCES, with_author
from consent.ledger.errors import (
    AddressInSourceError,
    BeforeNoticeError,
    EvidenceRequiredError,
    InvalidEvidenceError,
    UnknownContactError,
)
from consent.ledger.models import Action, EventSource
from consent.ledger.recording import Choice, record_events, require_possible
from consent.ledger.rules import NEEDS_EVIDENCE
from consent.notices.models import NoticeVersion
from consent.notices.queries import first_wordings
from consent.purposes.models import Purpose
from consent.purposes.queries import named_purpose, require_channel
from portal import audit
from portal.errors import InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email

Identity = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """One choice as it was sent: ``contact`` is ``{"email": …}``, ``{"id": …}`` and so on, ``purpose`` a key."""

    contact: Mapping[str, str]
    purpose: str
    channel: str
    action: str
    occurred_at: datetime | None = None
    source: str = ""
    notice: str = ""
    evidence: dict[str, Any] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The event's id, or why there is none."""

    id: int | None = None
    error: InvalidInputError | None = None


@transaction.atomic
def record_reports(
    *, actor: Actor, organisation: Organisation, reports: Sequence[Report], now: datetime
) -> list[Outcome]:
    """Record the choices that are sound, in their order, and say what is wrong with each of the others.

    A handful of statements, however many there are; one audit entry.
    """
    actor.require(Capability.CONSENTS_RECORD)
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation=organisation)}
    identities = [identity_of(organisation, report.contact) for report in reports]
    known = contacts_by_identity(organisation, identities)
    notices = first_wordings(organisation.pk, {report.notice for report in reports})
    outcomes: list[Outcome | None] = [None] * len(reports)
    sound: dict[int, Choice] = {}
    for number, (report, identity) in enumerate(zip(reports, identities, strict=True)):
        try:
            sound[number] = choice_of(
                actor, organisation, report, known.get(identity), purposes, notices.get(report.notice), now
            )
        except InvalidInputError as error:
            outcomes[number] = Outcome(error=error)
    found = record_events(organisation, list(sound.values()), now=now) if sound else []
    for number, event_id in zip(sound, found, strict=True):
        outcomes[number] = Outcome(id=event_id) if event_id else Outcome(error=UnknownContactError())
    recorded = [outcome.id for outcome in outcomes if outcome and outcome.id]
    if recorded:
        details = {"count": len(recorded), "first": min(recorded), "last": max(recorded)}
        audit.record(actor=actor, action="consents.recorded", target_type="ledger", details=details, at=now)
    return [outcome or Outcome() for outcome in outcomes]


def choice_of(
    actor: Actor,
    organisation: Organisation,
    report: Report,
    contact_id: int | None,
    purposes: Mapping[str, Purpose],
    notice: NoticeVersion | None,
    now: datetime,
) -> Choice:
    """The choice a report means; raises the error that says what is wrong with it."""
    purpose = purposes.get(report.purpose) or named_purpose(organisation, report.purpose)
    if report.action == Action.GRANT:
        require_channel(purpose, report.channel)
    if contact_id is None:
        raise UnknownContactError
    for name in ("source", "notice"):
        if "@" in getattr(report, name):
            raise AddressInSourceError(name)
    occurred_at = report.occurred_at or now
    require_possible(occurred_at, now)
    if notice is not None and occurred_at < notice.published_at:
        raise BeforeNoticeError
    if report.action in NEEDS_EVIDENCE and not report.evidence:
        raise EvidenceRequiredError
    return Choice(
        contact_id=contact_id,
        purpose_id=purpose.pk,
        channel=report.channel,
        action=report.action,
        occurred_at=occurred_at,
        source=SOURCES.get(actor.kind, EventSource.SYSTEM),
        source_reference=report.source,
        notice_version=report.notice,
        notice_digest=bytes(notice.digest) if notice is not None and notice.label == report.notice else None,
        evidence=with_author(actor, checked_evidence(report.evidence)),
    )


def checked_evidence(evidence: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        rfc8785.dumps(evidence)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError):
        raise InvalidEvidenceError from None
    return evidence


def identity_of(organisation: Organisation, contact: Mapping[str, str]) -> Identity:
    """The column and normalised value a contact is named by; one that can be nobody's has no value."""
    (name, value), *_more = [*contact.items(), ("", "")]
    try:
        match name:
            case "id":
                return "pk", int(value) if value.isdecimal() and len(value) < 19 else None
            case "email":
                return "email_key", normalise_email(value)[1]
            case "phone":
                return "phone", PhoneBook(organisation.country).normalise(value)
    except InvalidValueError:
        return name, None
    return "external_id", value.strip() or None


def contacts_by_identity(organisation: Organisation, identities: Iterable[Identity]) -> dict[Identity, int]:
    """Identity -> contact id, one query a kind of identity. Indexes: the primary key and one_contact_an_…."""
    wanted: dict[str, set[Any]] = {}
    for column, value in identities:
        if value is not None:
            wanted.setdefault(column, set()).add(value)
    found: dict[Identity, int] = {}
    for column, values in wanted.items():
        rows = Contact.objects.filter(organisation=organisation, **{f"{column}__in": list(values)})
        found |= {(column, value): contact_id for value, contact_id in rows.values_list(column, "pk")}
    return found
