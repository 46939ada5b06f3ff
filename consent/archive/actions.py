"""Moving evidence into the archive, destroying it, opening it: each for a written reason."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.archive.errors import ReasonRequiredError
from consent.archive.models import ArchivedEvidence, ProofPolicy
from consent.archive.queries import archived_evidence_of, policy_of
from consent.ledger.evidence import context_of
from consent.ledger.models import Evidence
from consent.ledger.queries import event_of
from portal import audit
from portal.crypto import KeyPurpose, sealer
from portal.errors import NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

LONGEST_REASON = 300
PURGED_AT_ONCE = 5000


def require_reason(reason: str) -> str:
    """The reason in one line; raises ``reason_required``."""
    found = " ".join(reason.split())[:LONGEST_REASON]
    if not found:
        raise ReasonRequiredError
    return found


@transaction.atomic
def archive_evidence(
    *,
    actor: Actor,
    organisation: Organisation,
    contact_id: int,
    reason: str,
    days: int | None = None,
    now: datetime | None = None,
) -> int:
    """Put a person's evidence into the archive, for ``days`` or as long as the organisation decided (R-06).

    How many documents.
    """
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    days = policy_of(organisation).archive_days if days is None else days
    moved = move_evidence(organisation, contact_id, days=days, reason=reason, by=actor.reference, now=now)
    audited(actor, "evidence.archived", contact_id, {"documents": moved, "days": days, "reason": reason}, now)
    return moved


@transaction.atomic
def destroy_evidence(
    *, actor: Actor, organisation: Organisation, contact_id: int, reason: str, now: datetime | None = None
) -> int:
    """Destroy a person's evidence, wherever it lies; how many documents. The events stay, and verify."""
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    active, _by_model = Evidence.objects.filter(organisation=organisation, contact_id=contact_id).delete()
    kept, _by_model = ArchivedEvidence.objects.filter(organisation=organisation, contact_number=contact_id).delete()
    audited(actor, "evidence.destroyed", contact_id, {"documents": active + kept, "reason": reason}, now)
    return active + kept


def audited(actor: Actor, action: str, contact_id: int, details: dict[str, Any], at: datetime) -> None:
    audit.record(actor=actor, action=action, target_type="contact", target_id=contact_id, details=details, at=at)


def retire_evidence(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """What the erasure of a person does with their evidence: archived or destroyed, as the organisation decided.

    In the transaction of the erasure, which keeps the audit; how many documents left active use.
    """
    policy = policy_of(organisation)
    if policy.archive_days == 0:
        gone, _by_model = Evidence.objects.filter(organisation=organisation, contact_id=contact_id).delete()
        return gone
    reason = policy.archive_reason or "erasure"
    return move_evidence(organisation, contact_id, days=policy.archive_days, reason=reason, by="erasure", now=now)


def move_evidence(
    organisation: Organisation, contact_id: int, *, days: int, reason: str, by: str, now: datetime
) -> int:
    """Seal each document anew, with the archive's key, and take it out of active use; in the caller's transaction."""
    rows = list(Evidence.objects.filter(organisation=organisation, contact_id=contact_id).select_for_update())
    opened, archive = sealer(organisation.pk), sealer(organisation.pk, KeyPurpose.ARCHIVE)
    moved = [
        ArchivedEvidence(
            organisation=organisation,
            contact_number=contact_id,
            digest=digest,
            payload=archive.seal(opened.open(bytes(row.payload), context=context_of(digest)), context=place_of(digest)),
            reason=reason,
            archived_by=by,
            archived_at=now,
            keep_until=now + timedelta(days=days),
        )
        for row in rows
        for digest in [bytes(row.digest)]
    ]
    ArchivedEvidence.objects.bulk_create(moved, ignore_conflicts=True)
    Evidence.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(moved)


def place_of(digest: bytes) -> bytes:
    """What a box of the archive is bound to."""
    return b"archived-evidence:" + digest.hex().encode()


@transaction.atomic
def open_archived(
    *, actor: Actor, organisation: Organisation, event_id: int, reason: str, now: datetime | None = None
) -> dict[str, Any]:
    """The archived document of an event, for a written reason; ``not_found`` when there is none (any more)."""
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    event = event_of(organisation, event_id)
    row = archived_evidence_of(event)
    if row is None or row.keep_until <= now:
        raise NotFoundError
    details = {"event": event.pk, "reason": reason}
    audited(actor, "evidence.opened", event.contact_id, details, now)
    plain = sealer(organisation.pk, KeyPurpose.ARCHIVE).open(bytes(row.payload), context=place_of(bytes(row.digest)))
    document: dict[str, Any] = json.loads(plain)
    return document


def purge_archive(*, now: datetime) -> int:
    """Destroy what has been kept long enough, a bounded number at a time; how many. Index: archive_by_end."""
    purged = 0
    while True:
        with transaction.atomic(), scopes_disabled():
            due = ArchivedEvidence.objects.filter(keep_until__lte=now).order_by("keep_until")[:PURGED_AT_ONCE]
            found = list(due.select_related("organisation").only("pk", "organisation"))
            ArchivedEvidence.objects.filter(pk__in=[row.pk for row in found]).delete()
            for organisation in {row.organisation for row in found}:
                count = sum(row.organisation_id == organisation.pk for row in found)
                audit.record(
                    actor=Actor.system(organisation),
                    action="evidence.purged",
                    target_type="archive",
                    details={"documents": count},
                    at=now,
                )
        purged += len(found)
        if len(found) < PURGED_AT_ONCE:
            return purged


@transaction.atomic
def set_policy(*, actor: Actor, organisation: Organisation, values: dict[str, Any]) -> ProofPolicy:
    """Decide how long evidence outlives an erasure, why, and whether people get receipts; each change is audited."""
    actor.require(Capability.EVIDENCE_ARCHIVE)
    policy = policy_of(organisation)
    changed = {name: value for name, value in values.items() if getattr(policy, name) != value}
    for name, value in changed.items():
        setattr(policy, name, value)
    policy.save()
    if changed:
        audit.record(actor=actor, action="organisation.proofs", target=organisation, details={"changed": changed})
    return policy
