"""Putting addresses on the suppression list and taking them off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.errors import InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.suppression.models import Suppression, SuppressionReason
from subscribers.suppression.recording import Entry, Outcome, record_suppressions


@transaction.atomic
def suppress_entries(
    *, actor: Actor, organisation: Organisation, entries: Sequence[Entry], now: datetime | None = None
) -> list[Outcome]:
    """Suppress many; one outcome an entry, in order. Wrong entries are told and left out (O-03, O-08)."""
    actor.require(Capability.SUPPRESSIONS_EDIT)
    now = now or timezone.now()
    outcomes = record_suppressions(organisation, entries, now=now)
    created = Counter(entry.reason for entry, outcome in zip(entries, outcomes, strict=True) if outcome.created)
    if created:
        only = next(outcome.id for outcome in outcomes if outcome.created)
        audit.record(
            actor=actor,
            action="suppression.added",
            target_type="suppression",
            target_id=only if created.total() == 1 and only else "",
            details={"created": created.total(), "by_reason": {str(key): n for key, n in created.items()}},
            organisation=organisation,
            at=now,
        )
    return outcomes


@transaction.atomic
def suppress(
    *,
    actor: Actor,
    organisation: Organisation,
    addresses: Sequence[str],
    channel: str,
    reason: str = SuppressionReason.MANUAL,
    now: datetime | None = None,
) -> list[int]:
    """Suppress addresses in clear; the ids of their entries, in order. Raises ``invalid_input`` for a wrong address."""
    entries = [Entry(channel=channel, reason=reason, address=address) for address in addresses]
    outcomes = suppress_entries(actor=actor, organisation=organisation, entries=entries, now=now)
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        raise InvalidInputError(errors=problems)
    return [outcome.id for outcome in outcomes if outcome.id is not None]


@transaction.atomic
def remove_suppression(*, actor: Actor, suppression: Suppression, now: datetime | None = None) -> None:
    """Take an entry off the list; whoever does it answers for the person's own wish (O-09) and is audited."""
    actor.require(Capability.SUPPRESSIONS_EDIT)
    audit.record(
        actor=actor,
        action="suppression.removed",
        target=suppression,
        details={"reason": suppression.reason, "channel": suppression.channel},
        at=now,
    )
    suppression.delete()
