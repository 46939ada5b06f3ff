"""The public keys of an organisation, for who wants them from us and not from the proof."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from django_scopes import scopes_disabled

from portal.crypto import KeyPurpose
from portal.crypto.models import OrganisationKey
from portal.crypto.signing import public_key_id
from portal.errors import NotFoundError
from portal.organisations.models import Organisation


def published_keys(slug: str) -> dict[str, dict[str, Any]]:
    """Key id -> algorithm, key in base64, from, to; ``not_found`` where nobody has that name. Makes no key."""
    with scopes_disabled():
        organisation = Organisation.objects.filter(slug=slug).first()
        if organisation is None:
            raise NotFoundError
        rows = OrganisationKey.objects.filter(organisation=organisation, purpose=KeyPurpose.SIGNING).order_by("version")
        return {public_key_id(bytes(row.public_key)): described(row) for row in rows if row.public_key is not None}


def described(row: OrganisationKey) -> dict[str, Any]:
    return {
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(bytes(row.public_key or b"")).decode(),
        "from": utc_text(row.created_at),
        "to": utc_text(row.retired_at) if row.retired_at else None,
    }


def utc_text(moment: datetime) -> str:
    """UTC with six digits, as proofs write times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
