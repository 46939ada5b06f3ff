"""Suppressed addresses never enter, not even the staging table (I-05)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import compress

from django.db import connection

from portal.channels import Channel
from portal.crypto import keyed_hashes
from portal.organisations.models import Organisation
from subscribers.imports import sql
from subscribers.imports.converting import NULL
from subscribers.imports.rows import StagedRows
from subscribers.suppression.models import HashType

# The address that each channel reaches.
REACHED_BY = {Channel.EMAIL: "email_key", Channel.SMS: "phone", Channel.PHONE: "phone"}


def without_suppressed(organisation: Organisation, rows: StagedRows) -> tuple[StagedRows, int]:
    """The rows none of whose addresses is suppressed, and how many were."""
    addresses = {key: rows.columns[key] for key in set(REACHED_BY.values()) if key in rows.columns}
    if not rows.lines or not addresses:
        return rows, 0
    found = {key: set[str]() for key in addresses}
    for hash_type, channels in kinds_of_suppression(organisation.pk).items():
        for key, cells in addresses.items():
            reached = [channel for channel in channels if REACHED_BY[Channel(channel)] == key]
            if reached:
                found[key] |= suppressed_among(organisation, cells, hash_type, reached)
    if not any(found.values()):
        return rows, 0
    keep = [True] * len(rows.lines)
    for key, cells in addresses.items():
        for number in compress(range(len(cells)), map(found[key].__contains__, cells)):
            keep[number] = False
    return rows.kept(keep), keep.count(False)


def kinds_of_suppression(organisation_id: int) -> dict[str, list[str]]:
    """The channels on which an organisation suppresses anybody, by the type of hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.KINDS_OF_SUPPRESSION,
            {
                "organisation_id": organisation_id,
                "channels": [channel.value for channel in REACHED_BY],
                "hash_types": list(HashType.values),
            },
        )
        kinds: dict[str, list[str]] = {}
        for channel, hash_type in cursor.fetchall():
            kinds.setdefault(hash_type, []).append(channel)
    return kinds


def suppressed_among(organisation: Organisation, cells: Iterable[str], hash_type: str, channels: list[str]) -> set[str]:
    digests: dict[bytes, str] = {}
    hashes = digest_function(organisation, hash_type)
    for address in set(cells) - {NULL}:
        digests.update(dict.fromkeys(hashes(address.encode()), address))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SUPPRESSED_DIGESTS,
            {
                "organisation_id": organisation.pk,
                "channels": channels,
                "hash_type": hash_type,
                "digests": list(digests),
            },
        )
        return {digests[bytes(digest)] for (digest,) in cursor.fetchall()}


def digest_function(organisation: Organisation, hash_type: str) -> Callable[[bytes], Iterable[bytes]]:
    """All the digests under which an address may stand in the list: one for each version of the key."""
    if hash_type == HashType.SHA256:
        return lambda address: (hashlib.sha256(address).digest(),)
    if hash_type == HashType.MD5:
        return lambda address: (hashlib.md5(address, usedforsecurity=False).digest(),)
    hasher = keyed_hashes(organisation)
    return lambda address: (digest for _version, digest in hasher.all(address))
