"""Suppressed addresses never enter, not even the staging table (I-05)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress

from django.db import connection

from portal.organisations.models import Organisation
from subscribers.imports.merging import sql
from subscribers.imports.values.cells import text_of
from subscribers.imports.values.converting import NULL
from subscribers.imports.values.rows import StagedRows
from subscribers.suppression.matching import suppressed_among
from subscribers.suppression.rules import channels_of

ADDRESSES = ("email_key", "phone")


def suppressed_rows(organisation: Organisation, rows: StagedRows, stopped: StagedRows) -> set[int]:
    """The numbers of the rows with an address that is suppressed on any channel, or that this chunk suppresses."""
    found: set[int] = set()
    for column, cells in addresses_of(rows).items():
        gone = set(stopped.columns.get(column, ())) - {NULL}
        if suppresses_anybody(organisation.pk, channels_of(column)):
            by_text = {text_of(cell): cell for cell in cells if cell != NULL}
            gone |= {by_text[address] for address in suppressed_among(organisation, column, by_text)}
        if gone:
            found.update(compress(range(len(cells)), map(gone.__contains__, cells)))
    return found


def addresses_of(rows: StagedRows) -> Mapping[str, list[str]]:
    return {column: cells for column, cells in rows.keys.items() if column in ADDRESSES}


def suppresses_anybody(organisation_id: int, channels: list[str]) -> bool:
    """Has the organisation any entry on these channels? Most have none, and then no address need be hashed."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ANY_SUPPRESSION, {"organisation_id": organisation_id, "channels": channels})
        return bool(cursor.fetchone()[0])
