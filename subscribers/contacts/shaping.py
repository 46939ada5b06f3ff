"""A contact as the API tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.contacts.sections import parts


def contacts_out(organisation: Organisation, contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """The contacts with what higher apps add (``consents``): as many queries for a page as for one."""
    ids = [contact.pk for contact in contacts]
    added = [(part, part.values(organisation, ids)) for part in parts()] if ids else []
    return [
        contact_out(contact) | {part.key: values.get(contact.pk, part.missing()) for part, values in added}
        for contact in contacts
    ]


def contact_out(contact: Contact) -> dict[str, Any]:
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
        "attributes": contact.attributes,
        "origin": contact.origin,
        "seed": contact.seed,
        "restricted": contact.restricted_at is not None,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
        "last_seen_at": contact.last_seen_at,
        "art14_due": contact.art14_due,
        "art14_sent_at": contact.art14_sent_at,
    }
