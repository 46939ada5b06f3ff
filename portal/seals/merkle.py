"""Merkle trees as in RFC 6962, section 2.1: pure functions on hashes.

A tree of n leaves has the largest power of two smaller than n to its left. Pairing neighbours level by level, and
taking an odd last one up as it is, gives the same tree; so blocks of 1,024 leaves are its subtrees, and the roots of
the blocks are the leaves of what is above them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

LEAF, NODE = b"\x00", b"\x01"
EMPTY = hashlib.sha256(b"").digest()


class Step(NamedTuple):
    """One step of an audit path: the sibling, and the side it stands on."""

    side: Literal["left", "right"]
    hash: bytes


def leaf_hash(document: bytes) -> bytes:
    return hashlib.sha256(LEAF + document).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


def level_above(hashes: Sequence[bytes]) -> list[bytes]:
    """The nodes over these, two by two; an odd last one goes up as it is."""
    sha256 = hashlib.sha256
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=False)]
    if len(hashes) % 2:
        above.append(hashes[-1])
    return above


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes; of none, the hash of nothing."""
    if not hashes:
        return EMPTY
    while len(hashes) > 1:
        hashes = level_above(hashes)
    return hashes[0]


def path_to(hashes: Sequence[bytes], place: int) -> list[Step]:
    """The audit path of the leaf at ``place``, from the leaf upwards; at most log2(n) steps, rounded up."""
    if not 0 <= place < len(hashes):
        raise IndexError(place)
    steps: list[Step] = []
    while len(hashes) > 1:
        if place % 2:
            steps.append(Step("left", hashes[place - 1]))
        elif place + 1 < len(hashes):
            steps.append(Step("right", hashes[place + 1]))
        hashes, place = level_above(hashes), place // 2
    return steps


def root_from(leaf: bytes, path: Sequence[Step]) -> bytes:
    """The root that this leaf hash and its path lead to."""
    found = leaf
    for side, sibling in path:
        found = node_hash(sibling, found) if side == "left" else node_hash(found, sibling)
    return found
