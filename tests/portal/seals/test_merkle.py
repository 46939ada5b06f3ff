"""The trees are those of RFC 6962, for every number of leaves."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.seals.merkle import leaf_hash, node_hash, path_to, root_from, root_of
from portal.seals.sealing import BLOCK_ROWS, block_roots

# The inputs and roots that the implementations of Certificate Transparency test themselves with.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree_by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return node_hash(tree_by_the_book(leaves[:left]), tree_by_the_book(leaves[left:]))


def path_by_the_book(place: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    if place < left:
        return [*path_by_the_book(place, leaves[:left]), tree_by_the_book(leaves[left:])]
    return [*path_by_the_book(place - left, leaves[left:]), tree_by_the_book(leaves[:left])]


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("count", range(1, 9))
def test_it_gives_the_roots_that_certificate_transparency_publishes(count: int) -> None:
    assert root_of([leaf_hash(bytes.fromhex(text)) for text in INPUTS[:count]]).hex() == ROOTS[count - 1]


def test_the_tree_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.integers(1, 300), st.data())
def test_roots_and_paths_are_those_of_the_rfc(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    place = data.draw(st.integers(0, count - 1))
    path = path_to(leaves, place)

    assert root_of(leaves) == tree_by_the_book(leaves)
    assert [step.hash for step in path] == path_by_the_book(place, leaves)
    assert root_from(leaves[place], path) == root_of(leaves)
    assert len(path) <= (count - 1).bit_length()


@given(st.integers(2, 300), st.data())
def test_no_other_leaf_leads_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    place, other = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    if place != other:
        assert root_from(leaves[other], path_to(leaves, place)) != root_of(leaves)


@pytest.mark.parametrize("count", [1, 1023, 1024, 1025, 2048, 3000, 4097])
def test_blocks_are_subtrees_of_the_whole(count: int) -> None:
    leaves = leaves_of(count)
    assert root_of(block_roots(leaves)) == root_of(leaves)
    for place in (0, count // 2, count - 1):
        block, inside = divmod(place, BLOCK_ROWS)
        some = leaves[block * BLOCK_ROWS : (block + 1) * BLOCK_ROWS]
        assert path_to(some, inside) + path_to(block_roots(leaves), block) == path_to(leaves, place)


def test_a_place_outside_of_the_tree_has_no_path() -> None:
    with pytest.raises(IndexError):
        path_to(leaves_of(3), 3)
