"""Choices that other systems report, one or ten thousand at once: found out whom and what they mean, then recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import rfc8785
from django.db import transaction

from consent.children.addresses import sound_parent
from consent.children.rules import (
    PARENT,
    UNDER,
    Age,
    Parent,
    age_text,
    parental_facts,
    require_agreement,
    require_parent,
)
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
from consent.purposes.ages import age_limit
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
    """One choice as it was sent: ``contact`` is ``{"email": …}``, ``{"id": …}`` and so on, ``purpose`` a key.

    ``age`` and ``parent`` go with an agreement (K-02).
    """

    contact: Mapping[str, str]
    purpose: str
    channel: str
    action: str
    occurred_at: datetime | None = None
    source: str = ""
    notice: str = ""
    evidence: dict[str, Any] | None = field(default=None)
    age: Age | None = None
    parent: Parent | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The event's id, and that of the parent who agreed as well; or why there is none."""

    id: int | None = None
    parent_id: int | None = None
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
    sound: dict[int, list[Choice]] = {}
    for number, (report, identity) in enumerate(zip(reports, identities, strict=True)):
        try:
            purpose = purposes.get(report.purpose) or named_purpose(organisation, report.purpose)
            notice = notices.get(report.notice)
            choice = choice_of(actor, report, known.get(identity), purpose, notice, now)
            sound[number] = signed(actor, organisation, report, choice, purpose=purpose, notice=notice, now=now)
        except InvalidInputError as error:
            outcomes[number] = Outcome(error=error)
    flat = [choice for choices in sound.values() for choice in choices]
    found = iter(record_events(organisation, flat, now=now) if flat else [])
    for number, choices in sound.items():
        ids = [next(found) for _choice in choices]
        recorded_ids = Outcome(id=ids[0], parent_id=ids[1] if len(ids) > 1 else None)
        outcomes[number] = recorded_ids if ids[0] else Outcome(error=UnknownContactError())
    recorded = [each for outcome in outcomes if outcome for each in (outcome.id, outcome.parent_id) if each]
    if recorded:
        details = {"count": len(recorded), "first": min(recorded), "last": max(recorded)}
        audit.record(actor=actor, action="consents.recorded", target_type="ledger", details=details, at=now)
    return [outcome or Outcome() for outcome in outcomes]


def choice_of(
    actor: Actor,
    report: Report,
    contact_id: int | None,
    purpose: Purpose,
    notice: NoticeVersion | None,
    now: datetime,
) -> Choice:
    """The choice a report means; raises the error that says what is wrong with it."""
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


def signed(
    actor: Actor,
    organisation: Organisation,
    report: Report,
    choice: Choice,
    *,
    purpose: Purpose,
    notice: NoticeVersion | None,
    now: datetime,
) -> list[Choice]:
    """The choice, and for a child the parent's own: under the age of the purpose both are recorded, or neither (K-02).

    There is no message to a parent here, so it is told how they agreed. Raises what ``consent.children`` refuses.
    """
    if report.age is None and report.parent is None:
        return [choice]
    limit = age_limit(organisation.country, purpose) or None
    at = choice.occurred_at.astimezone(organisation.zone)
    side = require_parent(report.age, report.parent, limit=limit, at=at)
    evidence = {**(choice.evidence or {}), "age": age_text(side, limit)}
    if side != UNDER or report.parent is None:
        return [replace(choice, evidence=evidence)]
    parent = sound_parent(organisation, report.parent)
    agreed_at = require_agreement(parent, shown_since=notice.published_at if notice else None, now=now)
    facts = parental_facts(parent, pair=uuid4(), limit=limit, entered_by=actor.reference, entered_at=now)
    both = replace(choice, evidence={**evidence, "parental": facts})
    return [both, replace(both, actor=PARENT, occurred_at=agreed_at)]


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
