"""The audit log. ``audit.record`` writes one entry in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.utils import timezone

if TYPE_CHECKING:
    from portal.organisations.actors import Actor
    from portal.organisations.models import Organisation


def record(
    *,
    actor: Actor,
    action: str,
    target: Model | None = None,
    target_type: str = "",
    target_id: str | int = "",
    details: dict[str, Any] | None = None,
    organisation: Organisation | None = None,
    at: datetime | None = None,
) -> None:
    """Write who did what, in the transaction of the write itself; ``details`` holds ids and counts, never addresses.

    Of a person behind a link no network address is written: this table is never changed, so an erasure could not reach
    it. The evidence in the ledger has it, sealed.
    """
    from portal.audit.models import AuditEntry
    from portal.organisations.actors import ActorKind

    AuditEntry.objects.create(
        organisation=organisation or actor.organisation,
        at=at or timezone.now(),
        actor_kind=actor.kind,
        actor_reference=actor.reference,
        user_id=actor.user_id,
        action=action,
        target_type=target._meta.model_name or "" if target is not None else target_type,
        target_id=str(target.pk) if target is not None else str(target_id),
        details=details or {},
        ip=None if actor.kind == ActorKind.LINK else actor.ip,
    )
