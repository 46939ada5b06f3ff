"""Which addresses are suppressed, and tying entries to the contacts that have the addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction

from portal.crypto import keyed_hashes
from portal.organisations.models import Organisation
from subscribers.suppression import sql
from subscribers.suppression.rules import REACHED_BY, channels_of, digests

# Column of the contact -> the address in its normal form, if it has one.
Addresses = Mapping[str, str | None]


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


def reasons_among(
    organisation: Organisation, column: str, addresses: Collection[str]
) -> dict[str, list[tuple[str, str]]]:
    """Normalised address -> channel and reason of its entries; nothing for those that are not suppressed."""
    if not addresses:
        return {}
    hasher = keyed_hashes(organisation)
    by_digest = {digest: address for address in addresses for digest in digests(hasher, address)}
    parameters = {
        "organisation_id": organisation.pk,
        "channels": channels_of(column),
        "digests": list(by_digest),
    }
    found: dict[str, list[tuple[str, str]]] = {}
    for digest, channel, reason in rows_of(sql.REASONS, parameters):
        found.setdefault(by_digest[bytes(digest)], []).append((channel, reason))
    return found


def tie_to_contact(organisation: Organisation, contact_id: int, addresses: Addresses) -> None:
    """Make the entries of exactly these addresses point at the contact.

    Every write that changes an address calls it, in its own transaction: the gate joins on the contact.
    """
    held = digests_of(organisation, addresses)
    with connection.cursor() as cursor:
        cursor.execute(sql.UNTIE, {"organisation_id": organisation.pk, "contact_id": contact_id, "digests": held})
    tie_after_commit(organisation, contact_id, addresses)
    tie(organisation.pk, contact_id, held)


def tie_after_commit(organisation: Organisation, contact_id: int, addresses: Addresses) -> None:
    """Look once more when the write is done: the address may have been suppressed while it ran.

    Whichever of the two commits last sees the other; `recording` does the same from its side: nobody waits for a lock.
    """
    held = digests_of(organisation, addresses)
    if held:
        transaction.on_commit(lambda: tie(organisation.pk, contact_id, held), robust=True)


def tie(organisation_id: int, contact_id: int, held: list[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.TIE,
            {
                "organisation_id": organisation_id,
                "contact_id": contact_id,
                "channels": list(REACHED_BY),
                "digests": held,
            },
        )


def untie(organisation_id: int, contact_ids: list[int], channels: list[str]) -> None:
    """Contacts have other addresses now, none of them suppressed: the entries of the old ones let go of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.UNTIE_MOVED,
            {"organisation_id": organisation_id, "contacts": contact_ids, "channels": channels},
        )


def horizon() -> int:
    """A mark to take before the list is read: :func:`tie_recent` then looks at what a reader may have missed."""
    return int(rows_of(sql.HORIZON, {})[0][0])


def tie_recent(organisation: Organisation, since: int, addresses: Mapping[str, Collection[str]]) -> None:
    """Tie the entries written since the mark, whatever their order, to the contacts that now have such an address.

    ``addresses`` are those just written, by column of the contact. For imports: one look at the list a chunk, and
    nothing is hashed as long as it did not grow.
    """
    recent = rows_of(sql.RECENT, {"organisation_id": organisation.pk, "since": str(since)})
    if not recent:
        return
    hasher = keyed_hashes(organisation)
    entries = {(channel, bytes(digest)): pk for pk, channel, digest in recent}
    found: dict[int, str] = {}
    for column, cells in addresses.items():
        channels = channels_of(column)
        for address in cells:
            for digest in digests(hasher, address):
                found |= {entries[place]: address for channel in channels if (place := (channel, digest)) in entries}
    wanted = list(found.values())
    holders = holders_of(organisation.pk, wanted, wanted)
    held = {pk: holders[address] for pk, address in found.items() if address in holders}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.TIE_ENTRIES,
            {"organisation_id": organisation.pk, "ids": list(held), "contacts": list(held.values())},
        )


def digests_of(organisation: Organisation, addresses: Addresses) -> list[bytes]:
    hasher = keyed_hashes(organisation)
    return [digest for address in addresses.values() if address for digest in digests(hasher, address)]


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
