"""``{% load proofs %}``: what an event's page says of its proof."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from consent.archive.models import ArchivedEvidence
from consent.archive.queries import archived_evidence_of
from consent.ledger.models import ConsentEvent
from consent.ledger.queries import sealed_events

register = template.Library()


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


@register.simple_tag
def archived(event: ConsentEvent) -> ArchivedEvidence | None:
    """The event's evidence, when it is in the archive."""
    return archived_evidence_of(event)
