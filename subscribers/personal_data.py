"""What this app holds about a person, and how it is erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source
from subscribers.contacts.models import Contact
from subscribers.imports import personal_data as imports
from subscribers.imports.models import Import
from subscribers.suppression.models import Suppression

# Index: suppressions_of_contacts.
UNTIE_SUPPRESSIONS = """
UPDATE subscribers_suppression SET contact_id = NULL
WHERE organisation_id = %(organisation_id)s AND contact_id = ANY(%(contacts)s::bigint[])
"""
# Index: the primary key. Locked in the order of all writers.
HOLD_CONTACTS = """
SELECT FROM subscribers_contact WHERE organisation_id = %(organisation_id)s AND id = ANY(%(contacts)s::bigint[])
ORDER BY id FOR UPDATE
"""
# Index: the primary key.
ERASE_CONTACTS = """
DELETE FROM subscribers_contact WHERE organisation_id = %(organisation_id)s AND id = ANY(%(contacts)s::bigint[])
"""


def register() -> None:
    register_source(
        PersonalDataSource(
            name="suppression",
            label=_("Suppression list"),
            models=("subscribers.Suppression",),
            collect=collect_suppressions,
            erase=erase_suppressions,
            erase_many=erase_suppressions_of_many,
            order=20,
            kept=_("The hash of a suppressed address stays, so that the person cannot be brought back by a file."),
        )
    )
    imports.register()
    register_source(
        PersonalDataSource(
            name="contact",
            label=_("Contact"),
            models=("subscribers.Contact",),
            collect=collect_contact,
            erase=erase_contact,
            erase_many=erase_contacts,
            order=1000,
            hold=hold_contacts,
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
        "provenance": contact.provenance or {},
        "informed": {
            "due": contact.art14_due.isoformat() if contact.art14_due else None,
            "sent_at": iso(contact.art14_sent_at),
        },
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


def hold_contacts(organisation: Organisation, contact_ids: Sequence[int]) -> None:
    imports.written(HOLD_CONTACTS, organisation, contact_ids)


def erase_contact(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    gone, _by_model = Contact.objects.filter(organisation=organisation, pk=contact_id).delete()
    return int(gone > 0)


def erase_contacts(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    """Straight to the table: Django would read each row, and whatever could point at it, first."""
    return imports.written(ERASE_CONTACTS, organisation, contact_ids)


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
    return erase_suppressions_of_many(organisation, [contact_id], now=now)


def erase_suppressions_of_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    imports.written(UNTIE_SUPPRESSIONS, organisation, contact_ids)
    return 0


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
