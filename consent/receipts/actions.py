"""Sending a receipt to the person who chose: one message an occasion, with no advertising in it (C-09)."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from consent.archive.queries import policy_of
from consent.ledger.queries import events_of
from consent.receipts.queries import receipt_of
from portal.api.errors import RateLimitedError
from portal.api.rates import Rate, limit
from portal.channels import Channel
from portal.mail.actions import queue_mail
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.queries import entries_of_address

# Whoever holds a link can turn a switch as often as they like; the mailbox of its owner is not theirs to fill.
MOST = Rate(6, 3600)

log = structlog.get_logger(__name__)


def send_receipt(
    *, organisation: Organisation | int, contact_id: int, event_ids: Sequence[int], language: str = ""
) -> None:
    """Once this transaction is committed, mail the person what was recorded; what goes wrong there undoes nothing.

    Nothing is sent where the organisation wants no receipts, or the person has no address that may be written to.
    ``organisation`` may be its id: a link knows no more.
    """
    ids = list(event_ids)
    organisation_id = organisation if isinstance(organisation, int) else organisation.pk
    if ids:
        transaction.on_commit(lambda: queue_receipt(organisation_id, contact_id, ids, language), robust=True)


def queue_receipt(organisation_id: int, contact_id: int, event_ids: Sequence[int], language: str = "") -> bool:
    """Write the message and queue it; was there one to send?"""
    organisation = Organisation.objects.get(pk=organisation_id)
    with scope(organisation=organisation), timezone.override(organisation.zone), transaction.atomic():
        contact = (
            Contact.objects.select_related("organisation").filter(organisation=organisation, pk=contact_id).first()
        )
        if contact is None or not may_be_sent(organisation, contact):
            return False
        events = events_of(organisation).filter(pk__in=event_ids, contact_id=contact_id).order_by("pk")
        receipt = receipt_of(list(events), contact, language=language)
        if receipt is None:
            return False
        queue_mail(
            organisation=organisation,
            template="receipt",
            to=contact.email or "",
            language=receipt.language,
            context={"receipt": receipt, "organisation": organisation},
        )
        return True


def may_be_sent(organisation: Organisation, contact: Contact) -> bool:
    if not contact.email or contact.restricted_at or not policy_of(organisation).receipts:
        return False
    if entries_of_address(organisation, contact.email, [Channel.EMAIL.value]).exists():
        return False
    try:
        limit(f"receipt:{organisation.pk}:{contact.pk}", MOST)
    except RateLimitedError:
        log.info("receipt_not_sent", reason="too_many", contact=contact.pk)
        return False
    return True
