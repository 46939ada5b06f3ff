"""Counting the ledger by day: incremental, each event exactly once, whoever writes and whoever dies meanwhile.

As the sealer does, a pass takes the events of transactions that have ended for certain (below ``pg_snapshot_xmin``),
and never goes by ids. The counts and the cursor are written by one statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from consent.rates import sql
from consent.rates.models import CountingState
from portal.organisations.models import Organisation
from portal.seals.sql import SNAPSHOT


@dataclass(frozen=True)
class Difference:
    """A count that is not what the events say."""

    day: date
    purpose_id: int
    channel: str
    collection_point_id: int | None
    action: str
    source_kind: str
    events: int
    counted: int

    def __str__(self) -> str:
        point = self.collection_point_id or "-"
        return (
            f"{self.day} purpose {self.purpose_id} {self.channel} point {point} {self.action} {self.source_kind}: "
            f"{self.events} events, {self.counted} counted"
        )


def count_days(*, now: datetime, anew: bool = False) -> bool:
    """Count what has been written since the last pass, of all organisations; False when another counter is at it.

    ``anew`` forgets what is counted and reads the whole ledger, as the first pass and the first after a restore do.
    """
    state, _created = CountingState.objects.get_or_create(pk=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.LOCK)
        if not cursor.fetchone()[0]:
            return False
        state.refresh_from_db()
        cursor.execute(SNAPSHOT)
        xmin, xmax, system = cursor.fetchone()
        anew = anew or state.system != system or xmax < state.horizon
        cursor.execute(sql.NEW_ORGANISATIONS)
        cursor.execute(sql.MOVED_ORGANISATIONS)
        moved = [organisation for (organisation,) in cursor.fetchall()]
        window = {**extent(state), "high": xmin, "system": system, "now": now}
        if anew:
            cursor.execute(sql.FORGET_ALL)
            cursor.execute(sql.COUNT_ANEW, window)
        else:
            count_again(cursor, moved, window)
            # A ledger that has just grown has no statistics: its index must not lose to a guess.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(sql.COUNT_WINDOW, window)
    return True


def extent(state: CountingState) -> dict[str, int]:
    return {"horizon": state.horizon, "known_from": state.known_from, "known_id": state.known_id}


def count_again(cursor: Any, organisations: list[int], window: dict[str, Any]) -> None:
    """These have another time zone since: all their days, as far as they are counted."""
    for organisation in organisations:
        cursor.execute(sql.FORGET, {"organisation": organisation})
        cursor.execute(sql.COUNT_AGAIN, {**window, "organisation": organisation})


def differences(organisation: Organisation) -> list[Difference]:
    """Recounts an organisation's events and compares; empty when every count is right."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DIFFERENCES, {"organisation": organisation.pk})
        return [Difference(*row) for row in cursor.fetchall()]


def events_counted(organisation: Organisation) -> tuple[int, int]:
    """How many counts there are, and how many events they stand for."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DAYS_KEPT, {"organisation": organisation.pk})
        counts, events = cursor.fetchone()
    return counts, int(events)
