"""What a purpose said, version by version: written once, never changed (C-10)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import rfc8785

from consent.purposes.models import Purpose, PurposeVersion
from consent.purposes.rules import NOT_VERSIONED
from portal.organisations.actors import Actor

VALUES = (
    "name", "description", "texts", "basis", "channels", "double_opt_in", "valid_for_days", "kind", "age_limit",
    "data_categories", "recipients", "retention", "retention_from", "special_category", "explicit_wording",
    "soft_opt_in", "balance", "profession_note",
)  # fmt: skip
assert not NOT_VERSIONED & set(VALUES)  # noqa: S101


def spoken(purpose: Purpose) -> dict[str, Any]:
    """The values of a purpose that make a version, as JSON."""
    return {name: getattr(purpose, name) for name in VALUES}


def digest_of(values: dict[str, Any]) -> bytes:
    """SHA-256 of the values in canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(values)).digest()


def write_version(
    purpose: Purpose, *, by: Actor | None, at: datetime, material: bool = False, reason: str = ""
) -> PurposeVersion:
    """Keep what the purpose says now under its number."""
    values = spoken(purpose)
    return PurposeVersion.objects.create(
        organisation_id=purpose.organisation_id,
        purpose=purpose,
        number=purpose.version,
        values=values,
        digest=digest_of(values),
        created_at=at,
        created_by=by.reference if by else "",
        material=material,
        reason=reason,
    )


def keep_current(purpose: Purpose) -> list[PurposeVersion]:
    """Make sure that what is about to change has its version, and give it where it is new: purposes may be older than
    versions are.
    """
    if PurposeVersion.objects.filter(purpose=purpose, number=purpose.version).exists():
        return []
    return [write_version(purpose, by=None, at=purpose.updated_at)]
