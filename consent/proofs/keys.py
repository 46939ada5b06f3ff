"""The public keys of an organisation, for who wants them from us and not from the proof."""

from __future__ import annotations

from typing import Any

from django_scopes import scopes_disabled

from portal.crypto import KeyPurpose, PublicKey, public_keys
from portal.crypto.models import OrganisationKey
from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from portal.seals.canonical import moment_text


def published_keys(slug: str) -> dict[str, dict[str, Any]]:
    """Key id -> algorithm, key in base64, from, to; ``not_found`` where nobody has that name. Makes no key."""
    with scopes_disabled():
        organisation = Organisation.objects.filter(slug=slug).first()
        if organisation is None:
            raise NotFoundError
        if not OrganisationKey.objects.filter(organisation=organisation, purpose=KeyPurpose.SIGNING).exists():
            return {}
    return {key_id: described(key) for key_id, key in public_keys(organisation).items()}


def described(key: PublicKey) -> dict[str, Any]:
    return {
        "algorithm": "Ed25519",
        "public_key": key.text,
        "from": moment_text(key.valid_from),
        "to": moment_text(key.valid_to) if key.valid_to else None,
    }
