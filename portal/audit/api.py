"""The audit log over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Query, Router, Schema

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.audit.models import AuditEntry
from portal.audit.queries import audit_entries
from portal.organisations.roles import Capability

router = Router(tags=["audit"])


class AuditEntryOut(Schema):
    id: str
    at: datetime
    actor: str
    actor_kind: str
    action: str
    target: str
    details: dict[str, Any]
    ip: str | None


class AuditQuery(PageQuery):
    action: str = ""
    actor_kind: str = ""
    target: str = ""


@router.get("/audit", response=Page[AuditEntryOut])
@requires(Capability.AUDIT_VIEW)
def audit_log(request: ApiRequest, page: Query[AuditQuery]) -> dict[str, Any]:
    """Who did what, newest first; ``action`` is a beginning such as ``audience.``, ``target`` is ``type:id``."""
    entries = audit_entries(request.organisation, action=page.action, actor_kind=page.actor_kind, target=page.target)
    return paginate(entries, request, "-id", item=as_sent)


def as_sent(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": str(entry.pk),
        "at": entry.at,
        "actor": entry.actor_reference,
        "actor_kind": entry.actor_kind,
        "action": entry.action,
        "target": f"{entry.target_type}:{entry.target_id}" if entry.target_type else "",
        "details": entry.details,
        "ip": entry.ip,
    }
