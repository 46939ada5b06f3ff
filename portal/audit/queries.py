"""Reading the audit log."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation


def audit_entries(
    organisation: Organisation, *, action: str = "", actor_kind: str = "", user: str = "", target: str = ""
) -> QuerySet[AuditEntry]:
    """Entries of one organisation, newest first; ``target`` is ``type`` or ``type:id``; wrong values find nothing."""
    entries = AuditEntry.objects.filter(organisation=organisation).select_related("user").order_by("-pk")
    if action:
        entries = entries.filter(action__startswith=action)
    if actor_kind:
        entries = entries.filter(actor_kind=actor_kind)
    if user:
        entries = entries.filter(user_id=int(user)) if user.isdigit() else entries.none()
    if target:
        kind, _, target_id = target.partition(":")
        entries = entries.filter(target_type=kind)
        if target_id:
            entries = entries.filter(target_id=target_id)
    return entries
