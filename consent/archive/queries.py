"""Reads of the archive: what is in it, never what it says (that is an action, and audited)."""

from __future__ import annotations

from typing import Any

from consent.archive.models import ArchivedEvidence, ProofPolicy
from consent.ledger.models import ConsentEvent
from portal.organisations.models import Organisation


def policy_of(organisation: Organisation | int) -> ProofPolicy:
    """What the organisation decided about its proofs; the defaults when it decided nothing."""
    organisation_id = organisation if isinstance(organisation, int) else organisation.pk
    found = ProofPolicy.objects.filter(organisation_id=organisation_id).first()
    return found or ProofPolicy(organisation_id=organisation_id)


def archived_evidence_of(event: ConsentEvent) -> ArchivedEvidence | None:
    """The archived document that this event names. Index: one_archived_evidence_a_digest."""
    if event.evidence_digest is None:
        return None
    return ArchivedEvidence.objects.filter(
        organisation_id=event.organisation_id, digest=bytes(event.evidence_digest)
    ).first()


def archive_of(organisation: Organisation, contact_id: int) -> list[dict[str, Any]]:
    """What the archive holds of one person, by digest. Index: archive_by_contact."""
    rows = ArchivedEvidence.objects.filter(organisation=organisation, contact_number=contact_id).order_by("pk")
    return [
        {
            "digest": bytes(row.digest).hex(),
            "reason": row.reason,
            "archived_at": row.archived_at.isoformat(),
            "keep_until": row.keep_until.isoformat(),
        }
        for row in rows
    ]
