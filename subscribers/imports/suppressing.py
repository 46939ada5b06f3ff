"""Suppressed addresses never enter, not even the staging table (I-05)."""

from __future__ import annotations

from itertools import compress

from django.db import connection

from portal.organisations.models import Organisation
from subscribers.imports import sql
from subscribers.imports.converting import NULL
from subscribers.imports.rows import StagedRows
from subscribers.suppression.matching import suppressed_among
from subscribers.suppression.rules import channels_of


def without_suppressed(organisation: Organisation, rows: StagedRows) -> tuple[StagedRows, int]:
    """The rows none of whose addresses is suppressed on any channel, and how many were."""
    keep = [True] * len(rows)
    for column in ("email_key", "phone"):
        cells = rows.keys.get(column)
        if not cells or not suppresses_anybody(organisation.pk, channels_of(column)):
            continue
        found = suppressed_among(organisation, column, set(cells) - {NULL})
        for number in compress(range(len(cells)), map(found.__contains__, cells)):
            keep[number] = False
    if all(keep):
        return rows, 0
    return rows.kept(keep), keep.count(False)


def suppresses_anybody(organisation_id: int, channels: list[str]) -> bool:
    """Has the organisation any entry on these channels? Most have none, and then no address need be hashed."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ANY_SUPPRESSION, {"organisation_id": organisation_id, "channels": channels})
        return bool(cursor.fetchone()[0])
