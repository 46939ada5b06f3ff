"""Chunks of what Accord itself writes into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from consent.ledger.models import Action
from consent.purposes.models import Purpose
from consent.renewal import sql

CHUNK = 25_000
Found = tuple[int, int, str, str, datetime, int]


def find(statement: str, parameters: dict[str, Any]) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"limit": CHUNK, **parameters})
        return list(cursor.fetchall())


def write(action: Action, organisation_id: int, found: Sequence[Found], *, reference: str, now: datetime) -> int:
    """Record ``action`` for each of these places; how many were recorded."""
    columns: dict[str, Any] = dict(zip(sql.FOUND, (list(column) for column in zip(*found, strict=True)), strict=True))
    told: dict[str, Any] = {"organisation": organisation_id, "action": action.value, "reference": reference, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(sql.WRITE[action], told | columns)
        recorded: int = cursor.fetchone()[0]
        return recorded


def carry_objections(*, replaced: Purpose, purpose: Purpose, now: datetime) -> int:
    """Whoever said no to the replaced purpose has objected to the new one (B-14); how many places.

    In the transaction that creates the purpose: it never exists without them.
    """
    place: tuple[int, str] = (0, "")
    carried = 0
    parameters: dict[str, Any] = {
        "organisation": purpose.organisation_id,
        "replaced": replaced.pk,
        "purpose": purpose.pk,
        "now": now,
    }
    while found := find(sql.FIND_STOPPED, {**parameters, "after": place[0], "after_channel": place[1]}):
        reference = f"purpose:{replaced.key}"[:60]
        carried += write(Action.OBJECT, purpose.organisation_id, found, reference=reference, now=now)
        place = (found[-1][0], found[-1][2])
    return carried
