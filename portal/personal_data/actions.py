"""Erasing a person from every source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.personal_data.registry import sources


@transaction.atomic
def erase_person(
    *, actor: Actor, organisation: Organisation, contact_id: int, now: datetime | None = None
) -> dict[str, int]:
    """Erase a person from every source; source -> records gone, which the audit keeps (E-01).

    Deciding whether an erasure is due belongs to whoever calls this.
    """
    actor.require(Capability.PERSONAL_DATA_EXPORT)
    now = now or timezone.now()
    hold(organisation, [contact_id])
    counts = {source.name: source.erased(organisation, contact_id, now=now) for source in sources()}
    audit.record(
        actor=actor,
        action="contact.erased",
        target_type="contact",
        target_id=contact_id,
        details={"records": counts},
        organisation=organisation,
        at=now,
    )
    return counts


def erase_people(*, organisation: Organisation, contact_ids: Sequence[int], now: datetime) -> dict[str, int]:
    """Erase many people from every source in a few statements each; source -> records gone.

    It belongs to an action on a whole lot, which asks for permission and keeps the audit; in its transaction.
    """
    hold(organisation, contact_ids)
    return {source.name: source.erased_many(organisation, contact_ids, now=now) for source in sources()}


def hold(organisation: Organisation, contact_ids: Sequence[int]) -> None:
    """Nobody writes about these people from here on: a click that comes meanwhile would leave traces of a nobody."""
    for source in sources():
        if source.hold is not None:
            source.hold(organisation, contact_ids)
