"""What consent knows of a person, and what an erasure leaves: the events, which name an id that leads nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from consent.ledger.queries import consents_of, events_of
from portal.crypto import sealer
from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source


def register() -> None:
    register_source(
        PersonalDataSource(
            name="consent",
            label=_("Consents and their proof"),
            models=("consent.ConsentState", "consent.ConsentEvent", "consent.Evidence"),
            collect=collect,
            erase=erase,
            order=50,
            kept=_("The ledger's lines stay to prove what was lawful: they hold no address, only a number."),
        )
    )


def collect(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    """Standings, events and the documents that prove them; three queries, and one for the keys."""
    events = list(events_of(organisation).filter(contact_id=contact_id).order_by("id"))
    if not events:
        return {}
    ids = {event.evidence_id for event in events if event.evidence_id is not None}
    box = sealer(organisation.pk)
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
    }


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
    """Destroy the person's evidence and standings; a document that proves a whole import names nobody and stays."""
    evidence, _by_model = Evidence.objects.filter(organisation=organisation, contact_id=contact_id).delete()
    states, _by_model = ConsentState.objects.filter(organisation=organisation, contact_id=contact_id).delete()
    return evidence + states
