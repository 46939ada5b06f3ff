"""Taking a copy of what is held about a person: a read that the audit log keeps (S-03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.personal_data.queries import Holding, holdings
from subscribers.contacts.models import Contact
from subscribers.contacts.queries import contact_of

FORMAT = "accord-copy/1"


@dataclass(frozen=True)
class Copy:
    """What every source holds about one person at one moment."""

    organisation: Organisation
    contact: Contact
    holdings: list[Holding]
    taken_at: datetime

    def document(self) -> dict[str, Any]:
        """As a file: everything, by source."""
        return {
            "format": FORMAT,
            "organisation": self.organisation.slug,
            "contact": str(self.contact.pk),
            "taken_at": self.taken_at.isoformat(),
            "held": {holding.source.name: holding.data for holding in self.holdings},
        }


@transaction.atomic
def take_copy(
    *,
    actor: Actor,
    organisation: Organisation,
    contact_id: int,
    downloaded: bool,
    now: datetime | None = None,
) -> Copy:
    """Everything that is held about the contact (A-03); raises ``not_found``. Seen or downloaded, it is audited."""
    actor.require(Capability.PERSONAL_DATA_EXPORT)
    now = now or timezone.now()
    contact = contact_of(organisation, contact_id)
    found = holdings(organisation, contact.pk)
    action = "contact.copied" if downloaded else "contact.copy_viewed"
    details = {"sources": [holding.source.name for holding in found]}
    audit.record(actor=actor, action=action, target=contact, details=details, at=now)
    return Copy(organisation, contact, found, now)
