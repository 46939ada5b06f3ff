"""Reads of the ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.children.rules import PARENT
from consent.ledger import sql
from consent.ledger.evidence import open_evidence
from consent.ledger.models import Action, ConsentEvent, ConsentState, Evidence, Status
from consent.ledger.rules import Standing
from consent.ledger.showing import parent_named
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose
from portal.errors import NotFoundError
from portal.organisations.links import organisation_url
from portal.organisations.models import Organisation
from portal.seals.queries import sealed_among
from portal.seals.streams import stream_named
from portal.ui.components import Text
from subscribers.timeline import Happening

# A count that takes long is kept for a hundred times as long, so it never costs more than a hundredth of a core.
QUICK_SECONDS = 0.05
KEPT_TIMES = 100
LONGEST_KEPT_SECONDS = 3600


@dataclass(frozen=True)
class InForce:
    """How many have agreed: purpose id -> channel -> people, at ``counted_at``; ``kept`` when that was a while ago."""

    counts: dict[int, dict[str, int]]
    counted_at: datetime
    kept: bool = False


def consents_in_force(organisation: Organisation) -> InForce:
    """Counted now, or read from the cache while the last count was slow enough to be kept."""
    key = f"consents-in-force:{organisation.pk}"
    known: InForce | None = cache.get(key)
    if known is not None:
        return known
    started = time.monotonic()
    found = InForce(count_in_force(organisation), timezone.now())
    took = time.monotonic() - started
    if took > QUICK_SECONDS:
        seconds = min(max(60, took * KEPT_TIMES), LONGEST_KEPT_SECONDS)
        cache.set(key, replace(found, kept=True), seconds)
    return found


def count_in_force(organisation: Organisation) -> dict[int, dict[str, int]]:
    """Every state that stands granted, by purpose and channel."""
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.IN_FORCE, {"organisation": organisation.pk})
        for purpose_id, channel, count in cursor.fetchall():
            found.setdefault(purpose_id, {})[channel] = count
    return found


def standing_status(state: ConsentState | Standing, now: datetime) -> Status:
    """The status as it is at this moment: an agreement ends on its day, and so does a pause, with nobody writing it."""
    status = Status(state.status)
    if status == Status.PAUSED and state.paused_until is not None and state.paused_until <= now:
        status = Status.GRANTED
    if status in {Status.GRANTED, Status.PAUSED} and state.expires_at is not None and state.expires_at <= now:
        return Status.EXPIRED
    return status


def renewal_due(state: ConsentState, purpose: Purpose, now: datetime) -> bool:
    """Does this agreement end soon, or rest on words that have changed since? `consent.renewal.sql.DUE` in Python."""
    if standing_status(state, now) not in {Status.GRANTED, Status.PAUSED}:
        return False
    ends, days = state.expires_at, purpose.renew_before_days
    if ends is not None and days is not None and ends <= now + timedelta(days=days):
        return True
    if state.purpose_version is not None and state.purpose_version < purpose.material_version:
        return True
    return purpose.material_at is not None and state.since < purpose.material_at


def consents_of(organisation: Organisation, contact_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The ``consents`` of contacts in the API, for a whole page in one query. Index: the state's primary key."""
    now = timezone.now()
    states = (
        ConsentState.objects.filter(organisation=organisation, contact_id__in=contact_ids)
        .exclude(status=Status.NONE)
        .select_related("purpose")
        .order_by("contact_id", "purpose_id", "channel")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for state in states:
        found.setdefault(state.contact_id, []).append(
            {
                "purpose": state.purpose.key,
                "channel": state.channel,
                "status": standing_status(state, now).value,
                "since": state.since,
                "expires_at": state.expires_at,
                "renewal_due": renewal_due(state, state.purpose, now),
            }
        )
    return found


def events_of(organisation: Organisation) -> QuerySet[ConsentEvent]:
    """The ledger's events, with their purposes; sorted and paged by the caller."""
    return ConsentEvent.objects.filter(organisation=organisation).select_related("purpose")


def sealed_events(organisation: Organisation, ids: Sequence[int]) -> set[int]:
    """Which of these events a seal names; two statements for a page."""
    return sealed_among(stream_named("ledger"), organisation.pk, ids)


def event_of(organisation: Organisation, event_id: int | str) -> ConsentEvent:
    """One event; ``not_found`` for any other id."""
    text = str(event_id)
    event = events_of(organisation).filter(pk=int(text)).first() if text.isdecimal() and len(text) < 19 else None
    if event is None:
        raise NotFoundError
    return event


def evidence_of(event: ConsentEvent) -> dict[str, Any] | None:
    """The document that proves an event; None when it never had one, or it was destroyed."""
    if event.evidence_id is None:
        return None
    evidence = Evidence.objects.filter(organisation_id=event.organisation_id, pk=event.evidence_id).first()
    return open_evidence(evidence) if evidence else None


def neighbours(event: ConsentEvent) -> tuple[ConsentEvent | None, ConsentEvent | None]:
    """What the same person said about the same purpose and channel before and after. Index: events_by_contact."""
    same = ConsentEvent.objects.filter(
        organisation_id=event.organisation_id,
        contact_id=event.contact_id,
        purpose_id=event.purpose_id,
        channel=event.channel,
    )
    before = same.filter(pk__lt=event.pk).order_by("-pk").first()
    return before, same.filter(pk__gt=event.pk).order_by("pk").first()


def notice_shown(event: ConsentEvent) -> NoticeVersion | None:
    """The wording that the event names, when it is one of the organisation's notices. Index: notices_by_digest."""
    if event.notice_digest is None:
        return None
    digest = bytes(event.notice_digest)
    return NoticeVersion.objects.filter(organisation_id=event.organisation_id, digest=digest).first()


def agreed_as_child(organisation: Organisation, contact_id: int) -> bool:
    """Whether a parent has agreed beside this person (K-02). Index: events_by_contact."""
    return ConsentEvent.objects.filter(organisation=organisation, contact_id=contact_id, actor=PARENT).exists()


def event_timeline(organisation: Organisation, contact_id: int, until: datetime | None, limit: int) -> list[Happening]:
    """What a person chose, for the timeline. Index: events_by_contact."""
    events = events_of(organisation).filter(contact_id=contact_id)
    if until is not None:
        events = events.filter(occurred_at__lte=until)
    return [happening_of(organisation, event) for event in events.order_by("-occurred_at", "-id")[:limit]]


TONES = {Action.GRANT: "success", Action.CONFIRM: "success", Action.RESUME: "success", Action.PAUSE: "warning"}
STOPS = {Action.REFUSE, Action.WITHDRAW, Action.OBJECT, Action.EXPIRE}
TITLES: dict[Action, Text] = {
    Action.ASK: _("Was asked: %(purpose)s by %(channel)s"),
    Action.GRANT: _("Agreed: %(purpose)s by %(channel)s"),
    Action.CONFIRM: _("Confirmed: %(purpose)s by %(channel)s"),
    Action.REFUSE: _("Refused: %(purpose)s by %(channel)s"),
    Action.WITHDRAW: _("Withdrew: %(purpose)s by %(channel)s"),
    Action.OBJECT: _("Objected: %(purpose)s by %(channel)s"),
    Action.EXPIRE: _("Expired: %(purpose)s by %(channel)s"),
    Action.PAUSE: _("Paused: %(purpose)s by %(channel)s"),
    Action.RESUME: _("Resumed: %(purpose)s by %(channel)s"),
    Action.REVERT: _("Undone with its import: %(purpose)s by %(channel)s"),
    Action.RESET: _("New address, to be confirmed again: %(purpose)s by %(channel)s"),
}


def happening_of(organisation: Organisation, event: ConsentEvent) -> Happening:
    action = Action(event.action)
    names = {"purpose": event.purpose.name, "channel": event.get_channel_display()}
    return Happening(
        key=f"event:{event.pk}",
        at=event.occurred_at,
        kind="consent",
        title=str(TITLES[action]) % names,
        text=" · ".join(filter(None, [event.get_source_display(), parent_named(event.actor)])),
        url=organisation_url(organisation, "consent:event_detail", event_id=event.pk),
        icon="thumb-down" if action in STOPS else "check",
        tone=TONES.get(action, "danger" if action in STOPS else ""),
        details={
            "id": str(event.pk),
            "purpose": event.purpose.key,
            "channel": event.channel,
            "action": event.action,
            "source": event.source,
        },
    )
