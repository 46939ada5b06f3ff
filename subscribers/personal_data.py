"""What this app holds about a person, and how it is erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from subscribers.suppression.models import Suppression

# Rows an import refused keep their cells as they came, tied to no contact: they are found by the addresses in them.
# The text of all cells narrows the rows down, then a cell must be the address, whatever its case or the space around.
# Index: rejects_by_line (the organisation's part of it).
REJECTED_CELLS = """
FROM subscribers_importreject r
WHERE r.organisation_id = %(organisation_id)s
  AND lower(r.cells::text) LIKE ANY(%(patterns)s)
  AND EXISTS (
    SELECT FROM jsonb_path_query(r.cells, 'lax $.**') cell
    WHERE jsonb_typeof(cell) = 'string' AND lower(btrim(cell #>> '{}')) = ANY(%(identities)s)
  )
"""


def register() -> None:
    register_source(
        PersonalDataSource(
            name="suppression",
            label=_("Suppression list"),
            models=("subscribers.Suppression",),
            collect=collect_suppressions,
            erase=erase_suppressions,
            order=20,
            kept=_("The hash of a suppressed address stays, so that the person cannot be brought back by a file."),
        )
    )
    register_source(
        PersonalDataSource(
            name="import_rejects",
            label=_("Rows that imports refused"),
            models=("subscribers.ImportReject",),
            collect=collect_rejects,
            erase=erase_rejects,
            order=30,
        )
    )
    register_source(
        PersonalDataSource(
            name="contact",
            label=_("Contact"),
            models=("subscribers.Contact",),
            collect=collect_contact,
            erase=erase_contact,
            order=1000,
        )
    )


def collect_contact(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    contact = Contact.objects.filter(organisation=organisation, pk=contact_id).first()
    if contact is None:
        return {}
    return {
        "id": str(contact.pk),
        "email": contact.email,
        "phone": contact.phone,
        "external_id": contact.external_id,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "language": contact.language,
        "country": contact.country,
        "tags": contact.tags,
        "fields": contact.attributes,
        "origin": contact.origin,
        "source": source_of(organisation, contact),
        "seed": contact.seed,
        "restricted_at": iso(contact.restricted_at),
        "collected_at": iso(contact.collected_at),
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
        "last_seen_at": iso(contact.last_seen_at),
    }


def source_of(organisation: Organisation, contact: Contact) -> dict[str, Any] | None:
    """Where the data comes from when it is not from the person: the import that brought it (A-01 g)."""
    found = Import.objects.filter(organisation=organisation, pk=contact.source_import_id or 0).first()
    if found is None:
        return None
    return {
        "import": str(found.pk),
        "origin": found.origin_kind,
        "name": found.origin_name,
        "collected_by": found.collected_by,
        "collected_on": found.collected_on.isoformat() if found.collected_on else None,
    }


def erase_contact(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    gone, _by_model = Contact.objects.filter(organisation=organisation, pk=contact_id).delete()
    return int(gone > 0)


def collect_suppressions(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    """The entries of the person's addresses (O-06: the list is personal data)."""
    rows = Suppression.objects.filter(organisation=organisation, contact_id=contact_id).order_by("pk")
    entries = [
        {"channel": row.channel, "reason": row.reason, "kept_as": row.hash_type, "since": iso(row.created_at)}
        for row in rows
    ]
    return {"entries": entries} if entries else {}


def erase_suppressions(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """Cut the tie to the contact; the hash stays (O-07)."""
    Suppression.objects.filter(organisation=organisation, contact_id=contact_id).update(contact=None)
    return 0


def collect_rejects(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    identities = identities_of(organisation, contact_id)
    rows = on_rejects("SELECT r.source_import_id, r.line, r.code, r.cells::text", organisation, identities)
    found = [{"import": str(source), "line": line, "code": code, "cells": cells} for source, line, code, cells in rows]
    return {"rows": found} if found else {}


def erase_rejects(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """Delete the rows; the import's counts stay, which name nobody."""
    return len(on_rejects("DELETE", organisation, identities_of(organisation, contact_id)))


def identities_of(organisation: Organisation, contact_id: int) -> list[str]:
    """The person's identities as a file may write them, in small letters."""
    row = (
        Contact.objects.filter(organisation=organisation, pk=contact_id)
        .values_list("email", "email_key", "phone", "external_id")
        .first()
    )
    return sorted({value.strip().lower() for value in row or () if value})


def on_rejects(head: str, organisation: Organisation, identities: list[str]) -> list[tuple[Any, ...]]:
    if not identities:
        return []
    statement = f"{head} {REJECTED_CELLS}" if head != "DELETE" else f"DELETE {REJECTED_CELLS} RETURNING r.id"
    escaped = (text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for text in identities)
    parameters: dict[str, Any] = {
        "organisation_id": organisation.pk,
        "identities": identities,
        "patterns": [f"%{text}%" for text in escaped],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
