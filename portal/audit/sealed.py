"""The audit log as a stream of the seals: what of an entry is hashed.

The IP address is not. It is personal data that goes after some months (R-10), and a leaf that held it, or a hash of
it, could not be checked after that; a salted hash would need its salt kept and erased beside it, and proves nothing
that the rest of the entry does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import rfc8785
from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability
from portal.seals.canonical import MomentCells
from portal.seals.streams import Documents, Named, Stream, register_stream, unescaped

COLUMNS = (
    "e.organisation_id",
    "e.at",
    "e.actor_kind",
    "e.actor_reference",
    "e.user_id",
    "e.action",
    "e.target_type",
    "e.target_id",
    "e.details::text",
)


def register() -> None:
    register_stream(
        Stream(
            name="audit",
            label=_("Audit log"),
            table="portal_auditentry",
            columns=COLUMNS,
            recorded="e.at",
            open=open_audit,
            capability=Capability.AUDIT_VIEW,
        )
    )


def open_audit(_cursor: Any, names: Mapping[int, bytes], _named: Named) -> Documents:
    moment = MomentCells()
    organisations = {b"%d" % pk: name for pk, name in names.items()}

    def document(row: bytes, columns: bytes) -> bytes:
        cells = map(unescaped, columns.split(b"\t"))
        organisation, at, kind, actor, user, action, target_type, target, details = cells
        entry = {
            "id": row,
            "organisation": organisations.get(organisation, organisation),
            "at": moment(at),
            "actor_kind": kind,
            "actor": actor,
            "user": user,
            "action": action,
            "target_type": target_type,
            "target": target,
        }
        texts = {name: cell.decode() for name, cell in entry.items() if cell}
        return with_details(texts, details.decode())

    return document


def with_details(entry: dict[str, str], details: str) -> bytes:
    """Canonical JSON; details with numbers it can't hold are hashed as the text the database makes of them."""
    try:
        return rfc8785.dumps({**entry, "details": json.loads(details or "{}")})
    except (rfc8785.CanonicalizationError, ValueError):
        return rfc8785.dumps({**entry, "details": details})
