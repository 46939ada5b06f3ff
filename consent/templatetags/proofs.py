"""``{% load proofs %}``: what an event's page says of its proof."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from consent.archive.models import ArchivedEvidence
from consent.archive.queries import archived_evidence_of, evidence_held
from consent.ledger.models import ConsentEvent
from consent.ledger.queries import events_of, sealed_events
from subscribers.contacts.queries import find_contact

register = template.Library()
LONGEST_NUMBER = 19


@register.inclusion_tag("consent/proofs/event_card.html", takes_context=True)
def event_proof(context: Context, event: ConsentEvent) -> dict[str, Any]:
    """The card with the proof's files, for who may hand them over; the others see that there is one."""
    request = context["request"]
    return {
        "request": request,
        "event": event,
        "is_sealed": event.pk in sealed_events(request.organisation, [event.pk]),
        "capabilities": request.actor.capabilities,
    }


@register.inclusion_tag("consent/proofs/person_evidence.html", takes_context=True)
def person_evidence(context: Context, number: Any) -> dict[str, Any]:
    """What is held of a person, and what to do with it once they are erased; for who may, nothing for the others."""
    request, number = context["request"], str(number or "").strip()
    may = "evidence.archive" in request.actor.capabilities
    if not may or not (number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER):
        return {}
    organisation, contact_id = request.organisation, int(number)
    if not events_of(organisation).filter(contact_id=contact_id).exists():
        return {}
    return {
        "request": request,
        "contact_id": contact_id,
        "is_here": find_contact(organisation, id=contact_id) is not None,
        "held": evidence_held(organisation, contact_id),
    }


@register.simple_tag
def archived(event: ConsentEvent) -> ArchivedEvidence | None:
    """The event's evidence, when it is in the archive."""
    return archived_evidence_of(event)
