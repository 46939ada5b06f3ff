"""Which addresses are suppressed, and tying entries to the contacts that have the addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection

from portal.crypto import keyed_hashes
from portal.organisations.models import Organisation
from subscribers.suppression import sql
from subscribers.suppression.rules import channels_of, digests


def rows_of(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def suppressed_among(
    organisation: Organisation, column: str, addresses: Collection[str], *, channels: Collection[str] = ()
) -> set[str]:
    """Those of the normalised addresses that are suppressed on one of the channels (none named: all that reach them).

    ``column`` is the contact's: ``email_key`` or ``phone``. One query, for keyed hashes of all versions and plain ones.
    """
    if not addresses:
        return set()
    hasher = keyed_hashes(organisation)
    by_digest = {digest: address for address in addresses for digest in digests(hasher, address)}
    found = rows_of(
        sql.LISTED,
        {
            "organisation_id": organisation.pk,
            "channels": list(channels) or channels_of(column),
            "digests": list(by_digest),
        },
    )
    return {by_digest[bytes(digest)] for _id, _channel, digest in found}


def tie_to_contact(organisation: Organisation, contact_id: int, addresses: dict[str, str | None]) -> None:
    """Make the entries of exactly these addresses point at the contact; ``addresses``: column -> normal form or None.

    Every write that changes an address calls it, in its own transaction: the gate joins on the contact.
    """
    hasher = keyed_hashes(organisation)
    held = {column: list(digests(hasher, address)) for column, address in addresses.items() if address}
    base = {"organisation_id": organisation.pk, "contact_id": contact_id}
    with connection.cursor() as cursor:
        cursor.execute(sql.UNTIE, {**base, "digests": flat(held.values())})
        for column, kept in held.items():
            cursor.execute(sql.TIE, {**base, "channels": channels_of(column), "digests": kept})


def flat(lists: Iterable[list[bytes]]) -> list[bytes]:
    return [digest for found in lists for digest in found]


def holders_of(organisation_id: int, email_keys: list[str], phones: list[str]) -> dict[str, int]:
    """Normalised address -> the contact that has it."""
    if not email_keys and not phones:
        return {}
    parameters = {"organisation_id": organisation_id, "email_keys": email_keys, "phones": phones}
    return {str(address): int(contact) for address, contact in rows_of(sql.HOLDERS, parameters)}


def holders_of_hashes(organisation_id: int, hash_type: str, column: str, hashes: list[bytes]) -> dict[bytes, int]:
    """Plain hash -> the contact whose address has it; one pass over the organisation's contacts."""
    parameters = {"organisation_id": organisation_id, "digests": hashes}
    found = rows_of(sql.HASHED_HOLDERS[hash_type, column], parameters)
    return {bytes(digest): int(contact) for digest, contact in found}
