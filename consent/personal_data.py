"""What consent knows of a person, and what an erasure leaves: the events, which name an id that leads nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from consent.archive.actions import retire_evidence
from consent.archive.queries import archive_of
from consent.collection.scans import drop_files, scans_of
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.ledger.queries import consents_of, events_of
from portal.crypto import sealer
from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source

# Indexes: evidence_by_contact; the state's primary key.
DESTROY_EVIDENCE = """
DELETE FROM consent_evidence WHERE organisation_id = %(organisation)s AND contact_id = ANY(%(contacts)s::bigint[])
"""
DROP_STATES = """
DELETE FROM consent_consentstate WHERE organisation_id = %(organisation)s AND contact_id = ANY(%(contacts)s::bigint[])
"""


def register() -> None:
    register_source(
        PersonalDataSource(
            name="consent",
            label=_("Consents and their proof"),
            models=(
                "consent.ConsentState",
                "consent.ConsentEvent",
                "consent.Evidence",
                "consent.EvidenceFile",
                "consent.ArchivedEvidence",
                "consent.ArchivedFile",
            ),
            collect=collect,
            erase=erase,
            erase_many=erase_many,
            order=50,
            kept=_(
                "The ledger's lines stay to prove what was lawful: they hold no address, only a number. The evidence, "
                "with the scans behind it, goes into the archive for the time the organisation decided, where only the "
                "DPO may open it."
            ),
        )
    )


def collect(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    """Standings, events, the documents and scans that prove them; four queries, and one for the keys."""
    events = list(events_of(organisation).filter(contact_id=contact_id).order_by("id"))
    if not events:
        return {}
    ids = {event.evidence_id for event in events if event.evidence_id is not None}
    box = sealer(organisation.pk)
    archived, papers = archive_of(organisation, contact_id), papers_of(organisation, contact_id)
    proofs = {
        evidence.pk: open_evidence(evidence, box)
        for evidence in Evidence.objects.filter(organisation=organisation, pk__in=ids)
    }
    return {
        "standings": [
            {**standing, "since": iso(standing["since"]), "expires_at": iso(standing["expires_at"])}
            for standing in consents_of(organisation, [contact_id]).get(contact_id, [])
        ],
        "events": [described(event, proofs) for event in events],
        **({"papers": papers} if papers else {}),
        **({"archived": archived} if archived else {}),
    }


def papers_of(organisation: Organisation, contact_id: int) -> list[dict[str, Any]]:
    return [
        {"sha256": bytes(scan.digest).hex(), "media_type": scan.media_type, "added_at": iso(scan.added_at)}
        for scan in scans_of(organisation, [contact_id])
    ]


def described(event: ConsentEvent, proofs: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "purpose": event.purpose.key,
        "channel": event.channel,
        "action": event.action,
        "basis": event.basis,
        "occurred_at": iso(event.occurred_at),
        "recorded_at": iso(event.recorded_at),
        "source": event.source,
        "source_reference": event.source_reference,
        "notice": event.notice_version,
        "evidence": proofs.get(event.evidence_id) if event.evidence_id is not None else None,
    }


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    """Retire the person's evidence with its scans, and drop their standings; a document that proves a whole import
    names nobody.

    Retiring is archiving or destroying it, as the organisation decided (``consent.archive``).
    """
    retired = retire_evidence(organisation, contact_id, now=now)
    return retired + erase_many(organisation, [contact_id], now=now)


def erase_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    """For a lot that is undone or deleted whole: what its file claimed was nobody's word, and is destroyed."""
    parameters: dict[str, Any] = {"organisation": organisation.pk, "contacts": list(contact_ids)}
    gone = 0
    with connection.cursor() as cursor:
        for statement in (DESTROY_EVIDENCE, DROP_STATES):
            cursor.execute(statement, parameters)
            gone += cursor.rowcount
    return gone + drop_files([scan.pk for scan in scans_of(organisation, contact_ids)])
