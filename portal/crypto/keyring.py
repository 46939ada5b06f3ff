"""Unwrapped keys of an organisation, read from the database and kept in the process for a minute.

The first use of a purpose makes its first key. A key that a transaction has just made is not kept before
the commit: after a rollback it would seal data that nobody could open again.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.crypto.boxes import KEY_BYTES
from portal.crypto.errors import UnknownKeyError
from portal.crypto.master import master_keys
from portal.crypto.models import KeyPurpose, OrganisationKey
from portal.organisations.models import Organisation

__all__ = ["KeyPurpose", "KeyRing", "KeyVersion", "Owner", "forget_keys", "key_ring"]

KEPT_SECONDS = 60.0

# Hot doors know an organisation by the id in a verified token; they must not read a row to reach its keys.
Owner = Organisation | int | None


@dataclass(frozen=True)
class KeyVersion:
    """One unwrapped key and when it came and went."""

    version: int
    secret: bytes
    row: OrganisationKey

    def __repr__(self) -> str:
        return f"<KeyVersion {self.version}>"


@dataclass(frozen=True)
class KeyRing:
    """The versions of one key, the newest first."""

    versions: tuple[KeyVersion, ...]
    read_at: float

    @property
    def current(self) -> KeyVersion:
        return self.versions[0]

    def version(self, wanted: int) -> KeyVersion | None:
        return next((key for key in self.versions if key.version == wanted), None)


kept: dict[tuple[int | None, str], KeyRing] = {}


def owner_id(owner: Owner) -> int | None:
    return owner.pk if isinstance(owner, Organisation) else owner


def wrap_context(organisation_id: int | None, purpose: str, version: int) -> bytes:
    """What a wrapped key is bound to: its own row and no other."""
    return f"accord/key/{organisation_id or 'host'}/{purpose}/{version}".encode()


def new_key_row(organisation_id: int | None, purpose: str, version: int) -> OrganisationKey:
    """An unsaved row with a fresh random key."""
    secret = os.urandom(KEY_BYTES)
    public = None
    if purpose == KeyPurpose.SIGNING:
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return OrganisationKey(
        organisation_id=organisation_id,
        purpose=purpose,
        version=version,
        wrapped=master_keys().wrap(secret, wrap_context(organisation_id, purpose, version)),
        public_key=public,
        created_at=timezone.now(),
    )


def key_rows(organisation_id: int | None, purpose: str) -> QuerySet[OrganisationKey]:
    """Every version of a key, the newest first; evaluated with scopes disabled, since the host's belong to none."""
    owner: dict[str, Any] = {"organisation_id": organisation_id}
    with scopes_disabled():
        return OrganisationKey.objects.filter(**owner, purpose=purpose).order_by("-version")


def read_key_ring(organisation_id: int | None, purpose: str) -> KeyRing:
    """The ring as the database has it, with its first key made when there is none."""
    rows = list(key_rows(organisation_id, purpose))
    if not rows:
        with scopes_disabled():
            # Two processes may come here at once: the unique constraint lets one key in, and both read that
            # one.
            OrganisationKey.objects.bulk_create([new_key_row(organisation_id, purpose, 1)], ignore_conflicts=True)
        rows = list(key_rows(organisation_id, purpose))
    return KeyRing(tuple(unwrapped(row) for row in rows), time.monotonic())


def unwrapped(row: OrganisationKey) -> KeyVersion:
    context = wrap_context(row.organisation_id, row.purpose, row.version)
    return KeyVersion(row.version, master_keys().unwrap(bytes(row.wrapped), context), row)


def key_ring(owner: Owner, purpose: KeyPurpose, *, holding: int | None = None) -> KeyRing:
    """The keys of this owner for this purpose; ``holding`` is a version that must be among them.

    :class:`UnknownKeyError` when it is not, even after another look at the database.
    """
    place = (owner_id(owner), purpose.value)
    ring = kept.get(place)
    fresh = ring is not None and time.monotonic() - ring.read_at < KEPT_SECONDS
    if ring is None or not fresh or (holding is not None and ring.version(holding) is None):
        ring = read_key_ring(*place)
        read = ring
        transaction.on_commit(lambda: kept.__setitem__(place, read))
    if holding is not None and ring.version(holding) is None:
        raise UnknownKeyError
    return ring


def forget_keys() -> None:
    """Drop what this process keeps, after a rotation; other processes follow within a minute."""
    kept.clear()
