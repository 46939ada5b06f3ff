"""Rows that become contacts, copied straight into the table: no staging, no look-up of keys a second time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from subscribers.imports.merging import sql
from subscribers.imports.merging.dating import art14_due, collected_at
from subscribers.imports.models import Import
from subscribers.imports.stages import Columns, People
from subscribers.imports.values.cells import copy_lines, filled
from subscribers.imports.values.converting import NULL

# Columns of a contact that a file can fill -> what stands there when a row has nothing.
CONTACT_COLUMNS: dict[str, str] = {
    "email": NULL,
    "email_key": NULL,
    "phone": NULL,
    "external_id": NULL,
    "first_name": "",
    "last_name": "",
    "language": "",
    "country": "",
    "tags": "{}",
    "attributes": "{}",
}


def fresh_ids(sequence: str, count: int) -> list[str]:
    """So many new ids, as text."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql.FRESH_IDS, {"sequence": sequence, "count": count})
        return str(cursor.fetchone()[0]).split(",")


def contact_statement(columns: Columns) -> str:
    """Where :func:`contact_lines` goes."""
    given = ", ".join(name for name in CONTACT_COLUMNS if name in columns)
    return sql.COPY_CONTACTS.format(columns=given)


def contact_lines(source: Import, people: People) -> list[bytes]:
    """The people as rows of contacts in COPY text."""
    columns = people.columns
    collected = moments(columns, collected_at(source))
    cells = [filled(columns[name], empty) for name, empty in CONTACT_COLUMNS.items() if name in columns]
    now, due = people.now.isoformat(), art14_due(source, people.now)
    constants = (source.organisation_id, source.origin_kind, source.pk, now, now, due.isoformat() if due else NULL)
    return copy_lines([people.ids, *cells, collected, collected], first=constants)


def moments(columns: Columns, otherwise: datetime) -> Sequence[str]:
    """When each row happened: its own date, else that of the file."""
    given = otherwise.isoformat()
    if "occurred_at" not in columns:
        return [given] * len(columns["line"])
    return filled(columns["occurred_at"], given)


def copy_into(cursor: Any, statement: str, pieces: Sequence[bytes]) -> None:
    """Copy these rows; errors come as Django's own, which a bare COPY does not see to."""
    if pieces:
        with cursor.db.wrap_database_errors, cursor.copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)
