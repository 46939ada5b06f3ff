"""Sign-ups that nobody confirmed: what they say of a person goes, at the latest an hour after their last day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.collection.confirming import emptied
from consent.collection.models import SignUp, SignUpState
from consent.collection.scans import drop_files
from portal.mail.actions import withdraw_mail

A_BATCH = 1000


def purge_sign_ups(*, now: datetime | None = None) -> int:
    """Empty the expired ones, a batch a transaction; how many."""
    at = now or timezone.now()
    gone = 0
    while batch := purge_batch(at):
        gone += batch
    return gone


@transaction.atomic
def purge_batch(now: datetime) -> int:
    with scopes_disabled():
        rows = SignUp.objects.select_for_update(skip_locked=True).filter(payload__isnull=False, expires_at__lt=now)
        return let_go(list(rows.order_by("expires_at")[:A_BATCH]), now)


def let_go(sign_ups: Sequence[SignUp], now: datetime) -> int:
    """Destroy what these, locked, say of a person: answer, scan, and a message that never left; how many."""
    drop_files([row.attachment_id for row in sign_ups if row.attachment_id])
    withdraw_mail(mail_ids=[row.mail_id for row in sign_ups if row.mail_id], error_code="sign_up_ended")
    return emptied([row.pk for row in sign_ups], SignUpState.EXPIRED, now)
