"""Reads about renewal: where everybody stands, who is due, and whom one may ask."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection

from consent.ledger.models import ConsentState, Status
from consent.ledger.queries import KEPT_TIMES, LONGEST_KEPT_SECONDS, QUICK_SECONDS, renewal_due, standing_status
from consent.purposes.models import Purpose
from consent.purposes.rules import may_be_asked as rule_may_be_asked
from consent.renewal import sql
from portal.organisations.models import Organisation

Place = tuple[int, str]


@dataclass(frozen=True)
class Standings:
    """By purpose id and channel: how many have each status, and how many are due for renewal."""

    statuses: Mapping[Place, Mapping[str, int]]
    due: Mapping[Place, int]
    counted_at: datetime
    kept: bool = False


def standings_of(organisation: Organisation, *, now: datetime) -> Standings:
    """Counted now, or read from the cache while the last count was slow enough to be kept.

    A change of a purpose is another key: what it does to renewals is seen at once.
    """
    key = f"standings:{organisation.pk}:{newest_change(organisation)}"
    known: Standings | None = cache.get(key)
    if known is not None:
        return known
    started = time.monotonic()
    found = count_standings(organisation, now)
    took = time.monotonic() - started
    if took > QUICK_SECONDS:
        seconds = min(max(60, took * KEPT_TIMES), LONGEST_KEPT_SECONDS)
        cache.set(key, replace(found, kept=True), seconds)
    return found


def newest_change(organisation: Organisation) -> str:
    purposes = Purpose.objects.filter(organisation=organisation)
    newest = purposes.order_by("-updated_at").values_list("updated_at", flat=True).first()
    return newest.strftime("%Y%m%d%H%M%S%f") if newest else ""


def count_standings(organisation: Organisation, now: datetime) -> Standings:
    statuses: dict[Place, dict[str, int]] = {}
    due: dict[Place, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.STANDINGS, {"organisation": organisation.pk, "now": now})
        for purpose_id, channel, status, count, due_count in cursor.fetchall():
            place = (purpose_id, channel)
            statuses.setdefault(place, {})[status] = count
            due[place] = due.get(place, 0) + due_count
    return Standings(statuses, due, now)


def may_be_asked(contact_id: int, purpose: Purpose, channel: str, *, now: datetime) -> bool:
    """May this person be asked for this on this channel (C-12)? Two queries, each by index.

    No for whoever agreed and is not due, or objected; for the others once ``ask_again_after_days`` have gone by since
    they said no, or were asked and said nothing.
    """
    state = ConsentState.objects.filter(
        organisation=purpose.organisation_id, contact=contact_id, purpose=purpose, channel=channel
    ).first()
    status = standing_status(state, now) if state else Status.NONE
    parameters: dict[str, Any] = {
        "organisation": purpose.organisation_id,
        "contact": contact_id,
        "purpose": purpose.pk,
        "channel": channel,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.LAST_ANSWER, parameters)
        (answered_at,) = cursor.fetchone()
    due = state is not None and renewal_due(state, purpose, now)
    days = purpose.ask_again_after_days
    return rule_may_be_asked(status, answered_at=answered_at, days=days, renewal_due=due, now=now)
