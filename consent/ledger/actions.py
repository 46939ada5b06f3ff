"""Every write to the ledger that a person, a system of the client or a link asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent.ledger.errors import UnknownContactError
from consent.ledger.models import Action, ConsentEvent, EventSource
from consent.ledger.recording import Choice, record_events, stop_by_link
from consent.purposes.models import Basis, Purpose
from consent.purposes.queries import require_channel
from portal import audit
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

SOURCES = {
    ActorKind.MEMBER: EventSource.STAFF,
    ActorKind.TOKEN: EventSource.API,
    ActorKind.LINK: EventSource.LINK,
}


def record_consent(
    *,
    actor: Actor,
    contact_id: int,
    purpose: Purpose,
    channel: str,
    action: Action | str,
    evidence: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    source_reference: str = "",
    notice_version: str = "",
    paused_until: datetime | None = None,
    now: datetime | None = None,
) -> int:
    """Record what a person chose, as a member or a client's system reports it; answers the event's id.

    Raises ``evidence_required``, ``future_date``, ``channel_not_offered`` (for a yes), ``unknown_contact``.
    """
    actor.require(Capability.CONSENTS_RECORD)
    at = now or timezone.now()
    if action == Action.GRANT:
        require_channel(purpose, channel)
    choice = Choice(
        contact_id=contact_id,
        purpose_id=purpose.pk,
        channel=channel,
        action=action,
        occurred_at=occurred_at or at,
        source=SOURCES.get(actor.kind, EventSource.SYSTEM),
        source_reference=source_reference,
        evidence=with_author(actor, evidence),
        notice_version=notice_version,
        paused_until=paused_until,
    )
    return record_choice(actor, purpose, choice, at)


def record_choice(actor: Actor, purpose: Purpose, choice: Choice, now: datetime) -> int:
    assert actor.organisation is not None, "the ledger belongs to an organisation"  # noqa: S101 - for the type checker
    with transaction.atomic():
        (event_id,) = record_events(actor.organisation, [choice], now=now)
        if event_id is None:
            raise UnknownContactError
        audit.record(
            actor=actor,
            action="consent.recorded",
            target_type="contact",
            target_id=choice.contact_id,
            details={
                "event": event_id,
                "purpose": purpose.key,
                "channel": choice.channel,
                "action": str(choice.action),
            },
            at=now,
        )
    return event_id


def with_author(actor: Actor, evidence: dict[str, Any] | None) -> dict[str, Any] | None:
    """Names who entered a choice for somebody else in its evidence (C-13)."""
    if not evidence:
        return None
    return {**evidence, "entered_by": actor.reference}


def withdraw_consent(
    *,
    actor: Actor,
    contact_id: int,
    purpose: Purpose,
    channel: str,
    evidence: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    now: datetime | None = None,
) -> int:
    """Record that a person wants no more of this; an objection where the purpose doesn't stand on consent."""
    return record_consent(
        actor=actor,
        contact_id=contact_id,
        purpose=purpose,
        channel=channel,
        action=stop_action(purpose),
        evidence=evidence,
        occurred_at=occurred_at,
        now=now,
    )


def stop_action(purpose: Purpose) -> Action:
    """What "no more" is called: withdrawing a consent (G 7(3)) or objecting (G 21(2))."""
    return Action.WITHDRAW if purpose.basis == Basis.CONSENT else Action.OBJECT


def withdraw_by_link(
    *,
    organisation_id: int,
    contact_id: int,
    purpose_id: int | None,
    channel: str,
    evidence: dict[str, Any],
    ip: str | None,
    user_agent: str,
    now: datetime,
    source: EventSource = EventSource.ONE_CLICK,
) -> list[int]:
    """What a click on "unsubscribe" records, for the holder of a verified link (W-03, W-04); the events' ids.

    ``purpose_id`` None stops every purpose of the channel (W-07). A second click and an unknown contact record
    nothing. One statement, one round trip: evidence, event, state and audit entry stand or fall together.
    """
    document = {**evidence, "ip": ip or "", "user_agent": user_agent[:500], "received_at": now.isoformat()}
    return stop_by_link(
        organisation_id=organisation_id,
        contact_id=contact_id,
        purpose_id=purpose_id,
        channel=channel,
        source=source,
        evidence=document,
        now=now,
    )


def record_event_export(*, actor: Actor, organisation: Organisation, filters: Mapping[str, str]) -> None:
    """Write down that events were downloaded, before the first of them leaves."""
    actor.require(Capability.PERSONAL_DATA_EXPORT)
    audit.record(
        actor=actor,
        action="consent.exported",
        target_type="consent",
        details={"filters": dict(filters)},
        organisation=organisation,
    )


def record_evidence_read(*, actor: Actor, event: ConsentEvent) -> None:
    """Write down who looked at where a person was when they chose."""
    actor.require(Capability.PERSONAL_DATA_EXPORT)
    audit.record(
        actor=actor,
        action="consent.evidence_read",
        target_type="contact",
        target_id=event.contact_id,
        details={"event": event.pk},
    )
