"""Who may do what: one table of role -> capability, read by every action, page and API operation."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MARKETER = "marketer", _("Marketer")
    APPROVER = "approver", _("Approver")
    DPO = "dpo", _("DPO")
    INTEGRATOR = "integrator", _("Integrator")
    VIEWER = "viewer", _("Viewer")


class Capability(StrEnum):
    """What a member may do; also the scopes of an API token."""

    DASHBOARD_VIEW = "dashboard.view"
    CONTACTS_VIEW = "contacts.view"
    CONTACTS_EDIT = "contacts.edit"
    FIELDS_VIEW = "fields.view"
    FIELDS_EDIT = "fields.edit"
    IMPORTS_VIEW = "imports.view"
    IMPORTS_RUN = "imports.run"
    IMPORTS_RELEASE = "imports.release"
    SEGMENTS_VIEW = "segments.view"
    SEGMENTS_EDIT = "segments.edit"
    PURPOSES_VIEW = "purposes.view"
    PURPOSES_EDIT = "purposes.edit"
    NOTICES_VIEW = "notices.view"
    NOTICES_EDIT = "notices.edit"
    NOTICES_APPROVE = "notices.approve"
    COLLECTION_VIEW = "collection.view"
    COLLECTION_EDIT = "collection.edit"
    CONSENTS_VIEW = "consents.view"
    CONSENTS_RECORD = "consents.record"
    EVIDENCE_ARCHIVE = "evidence.archive"
    SUPPRESSIONS_VIEW = "suppressions.view"
    SUPPRESSIONS_EDIT = "suppressions.edit"
    AUDIENCES_VIEW = "audiences.view"
    AUDIENCES_PREPARE = "audiences.prepare"
    AUDIENCES_APPROVE = "audiences.approve"
    PERSONAL_DATA_EXPORT = "personal_data.export"
    JOBS_VIEW = "jobs.view"
    AUDIT_VIEW = "audit.view"
    TOKENS_MANAGE = "tokens.manage"
    MEMBERS_VIEW = "members.view"
    MEMBERS_MANAGE = "members.manage"
    ORGANISATION_EDIT = "organisation.edit"


_C = Capability
_SEEING = frozenset(
    {
        _C.DASHBOARD_VIEW,
        _C.CONTACTS_VIEW,
        _C.FIELDS_VIEW,
        _C.IMPORTS_VIEW,
        _C.SEGMENTS_VIEW,
        _C.PURPOSES_VIEW,
        _C.NOTICES_VIEW,
        _C.COLLECTION_VIEW,
        _C.CONSENTS_VIEW,
        _C.SUPPRESSIONS_VIEW,
        _C.AUDIENCES_VIEW,
        _C.JOBS_VIEW,
        _C.MEMBERS_VIEW,
    }
)

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability) - {_C.AUDIENCES_APPROVE},
    Role.MARKETER: _SEEING
    | {
        _C.CONTACTS_EDIT,
        _C.FIELDS_EDIT,
        _C.IMPORTS_RUN,
        _C.SEGMENTS_EDIT,
        _C.NOTICES_EDIT,
        _C.COLLECTION_EDIT,
        _C.CONSENTS_RECORD,
        _C.SUPPRESSIONS_EDIT,
        _C.AUDIENCES_PREPARE,
    },
    Role.APPROVER: _SEEING | {_C.AUDIENCES_APPROVE},
    Role.DPO: _SEEING
    | {
        _C.PURPOSES_EDIT,
        _C.NOTICES_EDIT,
        _C.NOTICES_APPROVE,
        _C.COLLECTION_EDIT,
        _C.CONSENTS_RECORD,
        _C.EVIDENCE_ARCHIVE,
        _C.SUPPRESSIONS_EDIT,
        _C.IMPORTS_RELEASE,
        _C.AUDIENCES_APPROVE,
        _C.PERSONAL_DATA_EXPORT,
        _C.AUDIT_VIEW,
    },
    Role.INTEGRATOR: _SEEING
    | {
        _C.CONTACTS_EDIT,
        _C.FIELDS_EDIT,
        _C.IMPORTS_RUN,
        _C.SEGMENTS_EDIT,
        _C.PURPOSES_EDIT,
        _C.COLLECTION_EDIT,
        _C.CONSENTS_RECORD,
        _C.SUPPRESSIONS_EDIT,
        _C.AUDIENCES_PREPARE,
        _C.TOKENS_MANAGE,
    },
    Role.VIEWER: _SEEING,
}


def capabilities_of(roles: Iterable[str]) -> frozenset[Capability]:
    """All that these roles together allow."""
    return frozenset().union(*(CAPABILITIES[Role(role)] for role in roles))


def role_names(roles: Iterable[str]) -> list[str]:
    """The roles in the reader's language."""
    return [str(Role(role).label) for role in roles]
