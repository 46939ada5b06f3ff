"""What this app knows of a person's history: where they came from, and who edited what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from portal.audit.models import AuditEntry
from portal.organisations.links import organisation_url
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.models import Suppression
from subscribers.timeline import Happening

TITLES = {
    "contact.updated": _("Edited"),
    "contact.seed_marked": _("Made a seed contact"),
    "contact.seed_unmarked": _("No longer a seed contact"),
    "contact.copied": _("A copy of all data was taken"),
}


def arrivals(organisation: Organisation, contact_id: int, until: datetime | None, limit: int) -> Sequence[Happening]:
    """How the contact came to be here: one happening."""
    contact = Contact.objects.filter(organisation=organisation, pk=contact_id).first()
    if contact is None or (until is not None and contact.created_at > until):
        return []
    imported = contact.source_import_id
    return [
        Happening(
            key=f"contact:{contact.pk}",
            at=contact.created_at,
            kind="import" if imported else "created",
            title=_("Came with an import") if imported else _("Created"),
            text=contact.get_origin_display(),
            url=import_url(organisation, imported) if imported else "",
            icon="file-import" if imported else "user-plus",
            details={"origin": contact.origin, "import": str(imported) if imported else None},
        )
    ]


def import_url(organisation: Organisation, import_id: int) -> str:
    return organisation_url(organisation, "subscribers:import_detail", import_id=import_id)


def suppressions(
    organisation: Organisation, contact_id: int, until: datetime | None, limit: int
) -> Sequence[Happening]:
    """When an address of the contact came onto the suppression list. Index: suppressions_of_contacts."""
    entries = Suppression.objects.filter(organisation=organisation, contact_id=contact_id)
    if until is not None:
        entries = entries.filter(created_at__lte=until)
    return [
        Happening(
            key=f"suppression:{entry.pk:020}",
            at=entry.created_at,
            kind="suppression",
            title=_("Suppressed"),
            text=f"{entry.get_channel_display()}: {entry.get_reason_display()}",
            icon="shield-off",
            tone="danger",
            details={"channel": entry.channel, "reason": entry.reason},
        )
        for entry in entries.order_by("-created_at", "-pk")[:limit]
    ]


def edits(organisation: Organisation, contact_id: int, until: datetime | None, limit: int) -> Sequence[Happening]:
    """Who changed what, from the audit log: names of fields, never values. Index: audit_by_target."""
    entries = AuditEntry.objects.select_related("user").filter(
        organisation=organisation, target_type="contact", target_id=str(contact_id), action__in=TITLES
    )
    if until is not None:
        entries = entries.filter(at__lte=until)
    return [
        Happening(
            key=f"audit:{entry.pk:020}",
            at=entry.at,
            kind="edit",
            title=TITLES[entry.action],
            text=", ".join(entry.details.get("changed", [])),
            actor=str(entry.user) if entry.user_id and entry.user else entry.get_actor_kind_display(),
            icon="edit",
            details={"action": entry.action, "changed": entry.details.get("changed", [])},
        )
        for entry in entries.order_by("-at", "-pk")[:limit]
    ]


def informed(organisation: Organisation, contact_id: int, until: datetime | None, limit: int) -> Sequence[Happening]:
    """When a message told the person where their data comes from (I-08): one happening."""
    contact = Contact.objects.filter(organisation=organisation, pk=contact_id).only("art14_sent_at").first()
    if contact is None or contact.art14_sent_at is None or (until is not None and contact.art14_sent_at > until):
        return []
    return [
        Happening(
            key=f"informed:{contact_id}",
            at=contact.art14_sent_at,
            kind="informed",
            title=_("Told where their data comes from"),
            text=_("With a message (art. 14)"),
            icon="info-circle",
            tone="success",
        )
    ]
