"""What imports keep about a person besides the contact: refused rows, rows of samples, and what they changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source
from subscribers.contacts.models import Contact
from subscribers.imports.models import ImportChange, ImportReject, ImportSample

# Rows an import refused keep their cells as they came, tied to no contact: they are found by the addresses in them.
# The text of all cells narrows the rows down, then a cell must be the address, whatever its case or the space around.
# Index: rejects_by_line (the organisation's part of it).
REJECTED_CELLS = """
FROM subscribers_importreject r
WHERE r.organisation_id = %(organisation_id)s
  AND {narrowed}
  AND EXISTS (
    SELECT FROM jsonb_path_query(r.cells, 'lax $.**') cell
    WHERE jsonb_typeof(cell) = 'string' AND lower(btrim(cell #>> '{{}}')) = ANY(%(identities)s::text[])
  )
"""
# Index: that of the contact's foreign key.
UNTIE_SAMPLES = """
UPDATE subscribers_importsample SET contact_id = NULL, note = ''
WHERE organisation_id = %(organisation_id)s AND contact_id = ANY(%(contacts)s::bigint[])
"""
# Index: changes_of_contacts.
DROP_CHANGES = """
DELETE FROM subscribers_importchange
WHERE organisation_id = %(organisation_id)s AND contact_id = ANY(%(contacts)s::bigint[])
"""
NARROWED = "lower(r.cells::text) LIKE ANY(%(patterns)s)"


def register() -> None:
    register_source(
        PersonalDataSource(
            name="import_rejects",
            label=_("Rows that imports refused"),
            models=("subscribers.ImportReject",),
            collect=collect_rejects,
            erase=erase_rejects,
            erase_many=erase_rejects_of_many,
            order=30,
        )
    )
    register_source(
        PersonalDataSource(
            name="import_samples",
            label=_("Rows of imports whose proof was looked up"),
            models=("subscribers.ImportSample",),
            collect=collect_samples,
            erase=erase_samples,
            erase_many=erase_samples_of_many,
            order=32,
            kept=_("The line and the verdict stay, to show that the list was checked: they name nobody."),
        )
    )
    register_source(
        PersonalDataSource(
            name="import_changes",
            label=_("What imports changed"),
            models=("subscribers.ImportChange",),
            collect=collect_changes,
            erase=erase_changes,
            erase_many=erase_changes_of_many,
            order=34,
        )
    )


def collect_rejects(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    identities = identities_of(organisation, [contact_id])
    rows = on_rejects("SELECT r.source_import_id, r.line, r.code, r.cells::text", organisation, identities)
    found = [{"import": str(source), "line": line, "code": code, "cells": cells} for source, line, code, cells in rows]
    return {"rows": found} if found else {}


def erase_rejects(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """Delete the rows; the import's counts stay, which name nobody."""
    return len(on_rejects("DELETE", organisation, identities_of(organisation, [contact_id])))


def erase_rejects_of_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    """The same in one pass over the organisation's refused rows."""
    if not ImportReject.objects.filter(organisation=organisation).exists():
        return 0
    return len(on_rejects("DELETE", organisation, identities_of(organisation, contact_ids), narrowed="TRUE"))


def identities_of(organisation: Organisation, contact_ids: Collection[int]) -> list[str]:
    """These people's identities as a file may write them, in small letters."""
    rows = Contact.objects.filter(organisation=organisation, pk__in=contact_ids).values_list(
        "email", "email_key", "phone", "external_id"
    )
    return sorted({value.strip().lower() for row in rows for value in row if value})


def on_rejects(
    head: str, organisation: Organisation, identities: list[str], *, narrowed: str = NARROWED
) -> list[tuple[Any, ...]]:
    if not identities:
        return []
    cells = REJECTED_CELLS.format(narrowed=narrowed)
    statement = f"{head} {cells}" if head != "DELETE" else f"DELETE {cells} RETURNING r.id"
    parameters: dict[str, Any] = {"organisation_id": organisation.pk, "identities": identities}
    if narrowed == NARROWED:
        escaped = (text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for text in identities)
        parameters["patterns"] = [f"%{text}%" for text in escaped]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def collect_samples(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    rows = ImportSample.objects.filter(organisation=organisation, contact_id=contact_id).order_by("pk")
    found = [
        {
            "import": str(row.source_import_id),
            "line": row.line,
            "verdict": row.verdict,
            "note": row.note,
            "checked_at": row.checked_at.isoformat() if row.checked_at else None,
        }
        for row in rows
    ]
    return {"rows": found} if found else {}


def erase_samples(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    return erase_samples_of_many(organisation, [contact_id], now=now)


def erase_samples_of_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    """Cut the tie and empty the note, which speaks of the person."""
    written(UNTIE_SAMPLES, organisation, contact_ids)
    return 0


def collect_changes(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    rows = ImportChange.objects.filter(organisation=organisation, contact_id=contact_id).order_by("pk")
    found = [{"import": str(row.source_import_id), "before": row.before, "after": row.after} for row in rows]
    return {"changes": found} if found else {}


def erase_changes(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    return erase_changes_of_many(organisation, [contact_id], now=now)


def erase_changes_of_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    return written(DROP_CHANGES, organisation, contact_ids)


def written(statement: str, organisation: Organisation, contact_ids: Sequence[int]) -> int:
    """Run a statement about these contacts; how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organisation_id": organisation.pk, "contacts": list(contact_ids)})
        return int(cursor.rowcount)
