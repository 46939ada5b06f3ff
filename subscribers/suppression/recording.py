"""Putting addresses on the list, any number in a few statements. No permission and no audit: actions see to those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from portal.crypto import KeyedHasher, keyed_hashes
from portal.errors import FieldProblem
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import InvalidValueError
from subscribers.suppression import sql
from subscribers.suppression.matching import holders_of, holders_of_hashes, rows_of
from subscribers.suppression.models import HashType, SuppressionReason
from subscribers.suppression.rules import REACHED_BY, decoded_hash, digests, normal_address, problem

Ids = dict[tuple[str, bytes], int]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What somebody asks to suppress: an address in clear, or a plain hash another tool exported."""

    channel: str
    reason: str = SuppressionReason.MANUAL
    address: str = ""
    hash: str = ""
    hash_type: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: its id and whether it is new, or what is wrong with it."""

    id: int | None = None
    created: bool = False
    problem: FieldProblem | None = None


@dataclass(frozen=True)
class Prepared:
    """An entry in the form that is stored; ``others`` are digests under which the address may stand already."""

    channel: str
    reason: str
    hash_type: str
    version: int
    digest: bytes
    address: str = ""
    others: tuple[bytes, ...] = ()

    @property
    def column(self) -> str:
        return REACHED_BY[self.channel]


def prepared(entry: Entry, hasher: KeyedHasher, *, country: str) -> Prepared:
    """The entry hashed, or InvalidValueError with the code."""
    if entry.channel not in REACHED_BY:
        raise InvalidValueError("invalid_channel")
    if entry.address and (entry.hash or entry.hash_type):
        raise InvalidValueError("ambiguous")
    if entry.address:
        address = normal_address(entry.channel, entry.address, country=country)
        version, digest = hasher.current(address.encode())
        others = tuple(digests(hasher, address))
        return Prepared(entry.channel, entry.reason, HashType.KEYED, version, digest, address, others)
    if not entry.hash:
        raise InvalidValueError("required")
    digest = decoded_hash(entry.hash_type, entry.hash)
    return Prepared(entry.channel, entry.reason, entry.hash_type, 0, digest, others=(digest,))


def record_suppressions(organisation: Organisation, entries: Sequence[Entry], *, now: datetime) -> list[Outcome]:
    """Put the entries on the list and tie them to the contacts that have the addresses; creates no contact.

    An address that is listed already, under any version of the key, keeps its entry. One outcome an entry, in order.
    """
    hasher = keyed_hashes(organisation)
    ready: list[Prepared | FieldProblem] = []
    for entry in entries:
        try:
            ready.append(prepared(entry, hasher, country=organisation.country))
        except InvalidValueError as error:
            ready.append(problem(WRONG_PART.get(str(error), "address"), str(error)))
    usable = [item for item in ready if isinstance(item, Prepared)]
    added = record_prepared(organisation.pk, usable, now=now)
    listed = listed_ids(organisation.pk, [item for item in usable if (item.channel, item.digest) not in added])
    return [outcome_of(item, listed, added) for item in ready]


def record_prepared(organisation_id: int, items: Sequence[Prepared], *, now: datetime) -> Ids:
    """Put entries on the list that are hashed already; (channel, digest) -> id of those that were not there."""
    fresh = fresh_entries(organisation_id, items)
    added = add(organisation_id, list(fresh.values()), now=now) if fresh else {}
    tie_after_commit(organisation_id, fresh, added)
    return added


def fresh_entries(organisation_id: int, items: Sequence[Prepared]) -> dict[tuple[str, bytes], Prepared]:
    """Those that are not listed in any form, each once."""
    listed = listed_ids(organisation_id, items)
    return {(item.channel, item.digest): item for item in items if known_id(item, listed) is None}


def tied_contacts(organisation_id: int, items: Sequence[Prepared]) -> dict[tuple[str, bytes], int]:
    """(channel, digest) -> the contact that has the address, of the entries that are tied to one."""
    parameters = places_of(organisation_id, items)
    return {(channel, bytes(digest)): contact for channel, digest, contact in rows_of(sql.TIED, parameters)}


def tie_after_commit(organisation_id: int, fresh: dict[tuple[str, bytes], Prepared], added: Ids) -> None:
    """Look once more when the entries are written: somebody may have been given such an address while they were."""
    addresses = {added[place]: item for place, item in fresh.items() if item.address and place in added}
    if addresses:
        transaction.on_commit(lambda: tie_entries(organisation_id, addresses), robust=True)


def tie_entries(organisation_id: int, entries: dict[int, Prepared]) -> None:
    """Tie entries, by id, to whoever has their addresses now."""
    holders = contacts_of(organisation_id, list(entries.values()))
    tied = [(pk, holder) for pk, holder in zip(entries, holders, strict=True) if holder is not None]
    if not tied:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            sql.TIE_ENTRIES,
            {
                "organisation_id": organisation_id,
                "ids": [pk for pk, _holder in tied],
                "contacts": [holder for _pk, holder in tied],
            },
        )


WRONG_PART = {"invalid_channel": "channel", "invalid_value": "hash", "required": "address"}


def known_id(item: Prepared, ids: Ids) -> int | None:
    return next((ids[item.channel, digest] for digest in item.others if (item.channel, digest) in ids), None)


def outcome_of(item: Prepared | FieldProblem, listed: Ids, added: Ids) -> Outcome:
    if isinstance(item, FieldProblem):
        return Outcome(problem=item)
    new = added.get((item.channel, item.digest))
    return Outcome(id=new, created=True) if new is not None else Outcome(id=known_id(item, listed))


def listed_ids(organisation_id: int, items: Sequence[Prepared]) -> Ids:
    """(channel, digest) -> id, for what is listed already."""
    if not items:
        return {}
    found = rows_of(sql.LISTED, places_of(organisation_id, items))
    return {(channel, bytes(digest)): pk for pk, channel, digest in found}


def places_of(organisation_id: int, items: Sequence[Prepared]) -> dict[str, Any]:
    """Where on the list these may stand."""
    return {
        "organisation_id": organisation_id,
        "channels": list({item.channel for item in items}),
        "digests": list({digest for item in items for digest in item.others}),
    }


def contacts_of(organisation_id: int, items: Sequence[Prepared]) -> list[int | None]:
    """The contact that has each entry's address, if any."""
    in_clear: dict[str, list[str]] = defaultdict(list)
    hashed: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for item in items:
        if item.address:
            in_clear[item.column].append(item.address)
        else:
            hashed[item.hash_type, item.column].append(item.digest)
    by_address = holders_of(organisation_id, in_clear["email_key"], in_clear["phone"])
    by_hash = {kind: holders_of_hashes(organisation_id, kind[0], kind[1], found) for kind, found in hashed.items()}
    return [
        by_address.get(item.address) if item.address else by_hash[item.hash_type, item.column].get(item.digest)
        for item in items
    ]


def add(organisation_id: int, items: list[Prepared], *, now: datetime) -> Ids:
    """Insert new entries; (channel, digest) -> id of those that were."""
    parameters = {
        "organisation_id": organisation_id,
        "now": now,
        "channels": [item.channel for item in items],
        "hash_types": [item.hash_type for item in items],
        "versions": [item.version for item in items],
        "digests": [item.digest for item in items],
        "reasons": [item.reason for item in items],
        "contacts": contacts_of(organisation_id, items),
    }
    return {(channel, bytes(digest)): pk for pk, channel, digest in rows_of(sql.ADD, parameters)}
