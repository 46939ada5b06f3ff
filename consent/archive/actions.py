"""Moving evidence into the archive, destroying it, opening it: each for a written reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.archive.errors import ReasonRequiredError
from consent.archive.files import drop_archived_files, files_of, keep_files, move_files, pieces_of, require_whole
from consent.archive.models import ArchivedEvidence, ArchivedFile, ProofPolicy
from consent.archive.queries import archived_evidence_of, policy_of
from consent.collection.scans import drop_files, scans_of
from consent.ledger.evidence import context_of
from consent.ledger.models import ConsentEvent, Evidence
from consent.ledger.queries import event_of
from portal import audit
from portal.crypto import KeyPurpose, sealer
from portal.errors import NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

Row = TypeVar("Row", ArchivedEvidence, ArchivedFile)
LONGEST_REASON = 300
PURGED_AT_ONCE = 5000


def require_reason(reason: str) -> str:
    """The reason in one line; raises ``reason_required``."""
    found = " ".join(reason.split())[:LONGEST_REASON]
    if not found:
        raise ReasonRequiredError
    return found


@dataclass(frozen=True)
class Moved:
    """How many documents and files left active use."""

    documents: int = 0
    files: int = 0

    @property
    def details(self) -> dict[str, int]:
        """For the audit log."""
        return {"documents": self.documents, "files": self.files}


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
    """Put a person's evidence and its scans into the archive, for ``days`` or as long as the organisation decided
    (R-06).

    How many documents.
    """
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    days = policy_of(organisation).archive_days if days is None else days
    moved = move_evidence(organisation, contact_id, days=days, reason=reason, by=actor.reference, now=now)
    audited(actor, "evidence.archived", contact_id, {**moved.details, "days": days, "reason": reason}, now)
    return moved.documents


@transaction.atomic
def destroy_evidence(
    *, actor: Actor, organisation: Organisation, contact_id: int, reason: str, now: datetime | None = None
) -> int:
    """Destroy a person's evidence and its scans, wherever they lie; how many documents. The events stay, and verify."""
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    active = destroy_active(organisation, contact_id)
    kept, _by_model = ArchivedEvidence.objects.filter(organisation=organisation, contact_number=contact_id).delete()
    files = drop_archived_files(files_of(organisation, contact_id))
    gone = Moved(active.documents + kept, active.files + files)
    audited(actor, "evidence.destroyed", contact_id, {**gone.details, "reason": reason}, now)
    return gone.documents


def audited(actor: Actor, action: str, contact_id: int, details: dict[str, Any], at: datetime) -> None:
    audit.record(actor=actor, action=action, target_type="contact", target_id=contact_id, details=details, at=at)


def retire_evidence(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """What the erasure of a person does with their evidence: archived or destroyed, as the organisation decided.

    In the transaction of the erasure, which keeps the audit; how many documents and scans left active use.
    """
    policy = policy_of(organisation)
    if policy.archive_days == 0:
        gone = destroy_active(organisation, contact_id)
    else:
        reason = policy.archive_reason or "erasure"
        days = policy.archive_days
        gone = move_evidence(organisation, contact_id, days=days, reason=reason, by="erasure", now=now)
    return gone.documents + gone.files


def destroy_active(organisation: Organisation, contact_id: int) -> Moved:
    """Destroy what is in active use; in the caller's transaction, the bytes of scans after its commit."""
    documents, _by_model = Evidence.objects.filter(organisation=organisation, contact_id=contact_id).delete()
    return Moved(documents, drop_files([scan.pk for scan in scans_of(organisation, [contact_id])]))


def move_evidence(
    organisation: Organisation, contact_id: int, *, days: int, reason: str, by: str, now: datetime
) -> Moved:
    """Seal each document anew, with the archive's key, and take it out of active use; in the caller's transaction.

    The scans that the documents name come along; one that none names proves nothing, and is destroyed (R-06).
    """
    rows = list(Evidence.objects.filter(organisation=organisation, contact_id=contact_id).select_for_update())
    opened, keep_until = sealer(organisation.pk), now + timedelta(days=days)
    plain = {row.pk: opened.open(bytes(row.payload), context=context_of(bytes(row.digest))) for row in rows}
    named = {pk: attachment_named(document) for pk, document in plain.items()}
    scans = scans_of(organisation, [contact_id])
    wanted = [scan for scan in scans if bytes(scan.digest) in named.values()]
    files = move_files(organisation, contact_id, wanted, reason=reason, by=by, now=now, keep_until=keep_until)
    keep_files({digest: file for digest, file in files.items() if digest in named.values()}, until=keep_until)
    drop_files([scan.pk for scan in scans if scan not in wanted])
    archive = sealer(organisation.pk, KeyPurpose.ARCHIVE)
    moved = [
        ArchivedEvidence(
            organisation=organisation,
            contact_number=contact_id,
            digest=digest,
            payload=archive.seal(plain[row.pk], context=place_of(digest)),
            file=files.get(named[row.pk]),
            reason=reason,
            archived_by=by,
            archived_at=now,
            keep_until=keep_until,
        )
        for row in rows
        for digest in [bytes(row.digest)]
    ]
    ArchivedEvidence.objects.bulk_create(moved, ignore_conflicts=True)
    Evidence.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return Moved(len(moved), len(wanted))


def attachment_named(document: bytes) -> bytes:
    """The SHA-256 of the scan that a document of evidence names; empty when it names none."""
    attachment = json.loads(document).get("attachment")
    named = attachment.get("sha256") if isinstance(attachment, dict) else None
    try:
        return bytes.fromhex(named) if isinstance(named, str) else b""
    except ValueError:
        return b""


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
    row = kept_evidence(event, now)
    details = {"event": event.pk, "reason": reason}
    audited(actor, "evidence.opened", event.contact_id, details, now)
    plain = sealer(organisation.pk, KeyPurpose.ARCHIVE).open(bytes(row.payload), context=place_of(bytes(row.digest)))
    document: dict[str, Any] = json.loads(plain)
    return document


def open_archived_file(
    *, actor: Actor, organisation: Organisation, event_id: int, reason: str, now: datetime | None = None
) -> tuple[ArchivedFile, Iterator[bytes]]:
    """The scan that an event's archived document names, and its bytes, for a written reason that the audit keeps.

    ``not_found`` when there is none (any more); ``tampered`` before the first byte when it is not the one named.
    """
    actor.require(Capability.EVIDENCE_ARCHIVE)
    reason, now = require_reason(reason), now or timezone.now()
    event = event_of(organisation, event_id)
    file = kept_evidence(event, now).file
    if file is None:
        raise NotFoundError
    require_whole(file)
    details = {"event": event.pk, "file": file.pk, "reason": reason}
    audited(actor, "evidence.opened", event.contact_id, details, now)
    return file, pieces_of(file)


def kept_evidence(event: ConsentEvent, now: datetime) -> ArchivedEvidence:
    """What the archive still has to show of an event; ``not_found`` once its time is over."""
    row = archived_evidence_of(event)
    if row is None or row.keep_until <= now:
        raise NotFoundError
    return row


def purge_archive(*, now: datetime) -> int:
    """Destroy what has been kept long enough, a bounded number at a time; how many documents and files."""
    purged = 0
    while found := purge_some(now):
        purged += found
    return purged


@transaction.atomic
def purge_some(now: datetime) -> int:
    """Indexes: archive_by_end, archived_files_by_end."""
    with scopes_disabled():
        documents = list(due(ArchivedEvidence.objects.all(), now).only("pk", "organisation"))
        files = list(due(ArchivedFile.objects.all(), now).only("pk", "file", "organisation"))
        ArchivedEvidence.objects.filter(pk__in=[row.pk for row in documents]).delete()
        drop_archived_files(files)
        for organisation in {*(row.organisation for row in documents), *(row.organisation for row in files)}:
            audit.record(
                actor=Actor.system(organisation),
                action="evidence.purged",
                target_type="archive",
                details=Moved(of(organisation, documents), of(organisation, files)).details,
                at=now,
            )
    return len(documents) + len(files)


def due(rows: QuerySet[Row], now: datetime) -> QuerySet[Row]:
    return rows.filter(keep_until__lte=now).select_related("organisation").order_by("keep_until")[:PURGED_AT_ONCE]


def of(organisation: Organisation, rows: Sequence[ArchivedEvidence | ArchivedFile]) -> int:
    return sum(row.organisation_id == organisation.pk for row in rows)


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
