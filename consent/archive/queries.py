"""Reads of the archive: what is in it, never what it says (that is an action, and audited)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.archive.errors import NotErasedError
from consent.archive.models import ArchivedEvidence, ArchivedFile, ProofPolicy
from consent.collection.models import EvidenceFile
from consent.ledger.models import ConsentEvent, Evidence
from consent.ledger.queries import events_of
from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from subscribers.contacts.queries import find_contact


def policy_of(organisation: Organisation | int) -> ProofPolicy:
    """What the organisation decided about its proofs; the defaults when it decided nothing."""
    organisation_id = organisation if isinstance(organisation, int) else organisation.pk
    found = ProofPolicy.objects.filter(organisation_id=organisation_id).first()
    return found or ProofPolicy(organisation_id=organisation_id)


def archived_evidence_of(event: ConsentEvent) -> ArchivedEvidence | None:
    """The archived document that this event names. Index: one_archived_evidence_a_digest."""
    if event.evidence_digest is None:
        return None
    found = ArchivedEvidence.objects.select_related("file").filter(
        organisation_id=event.organisation_id, digest=bytes(event.evidence_digest)
    )
    return found.first()


def archive_of(organisation: Organisation, contact_id: int) -> list[dict[str, Any]]:
    """What the archive holds of one person, by digest. Index: archive_by_contact."""
    rows = ArchivedEvidence.objects.select_related("file").filter(organisation=organisation, contact_number=contact_id)
    return [
        {
            "digest": bytes(row.digest).hex(),
            "reason": row.reason,
            "archived_at": row.archived_at.isoformat(),
            "keep_until": row.keep_until.isoformat(),
            **({"paper": paper_facts(row.file)} if row.file else {}),
        }
        for row in rows.order_by("pk")
    ]


def paper_facts(file: ArchivedFile) -> dict[str, Any]:
    return {"sha256": bytes(file.digest).hex(), "media_type": file.media_type}


@dataclass(frozen=True)
class HeldEvidence:
    """What is held of one person, in documents and scans, and how many of their events these prove."""

    active: int
    archived: int
    keep_until: datetime | None
    events: int
    active_files: int = 0
    archived_files: int = 0

    @property
    def documents(self) -> int:
        return self.active + self.archived

    @property
    def files(self) -> int:
        return self.active_files + self.archived_files


def evidence_held(organisation: Organisation, contact_id: int) -> HeldEvidence:
    """Five queries. Indexes: evidence_by_contact, archive_by_contact, events_by_contact, evidence_files_of_contacts,
    archived_files_by_contact.
    """
    active = Evidence.objects.filter(organisation=organisation, contact_id=contact_id)
    archived = ArchivedEvidence.objects.filter(organisation=organisation, contact_number=contact_id)
    digests = [bytes(digest) for digest in active.values_list("digest", flat=True)]
    kept = [(bytes(digest), until) for digest, until in archived.values_list("digest", "keep_until")]
    proved = events_of(organisation).filter(
        contact_id=contact_id, evidence_digest__in=[*digests, *(digest for digest, _until in kept)]
    )
    return HeldEvidence(
        active=len(digests),
        archived=len(kept),
        keep_until=max((until for _digest, until in kept), default=None),
        events=proved.count() if digests or kept else 0,
        active_files=EvidenceFile.objects.filter(organisation=organisation, contact=contact_id).count(),
        archived_files=ArchivedFile.objects.filter(organisation=organisation, contact_number=contact_id).count(),
    )


def evidence_of_erased(organisation: Organisation, contact_id: int) -> HeldEvidence:
    """What is held of somebody who is gone; ``not_erased`` while they are here, ``not_found`` for an unknown number."""
    if find_contact(organisation, id=contact_id) is not None:
        raise NotErasedError
    held = evidence_held(organisation, contact_id)
    if not held.documents and not events_of(organisation).filter(contact_id=contact_id).exists():
        raise NotFoundError
    return held
