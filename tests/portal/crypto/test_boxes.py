"""Boxes and wrapped keys: what goes in comes out, and nothing else does."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from portal.crypto.boxes import OVERHEAD, derived_key, key_version, opened_box, sealed_box, sealed_boxes
from portal.crypto.errors import TamperedError, UnknownKeyError
from portal.crypto.master import master_keys_of

CIPHER = AESGCM(b"k" * 32)
versions = st.integers(1, 2**16 - 1)


@given(st.binary(max_size=300), st.binary(max_size=50), versions)
def test_a_box_opens_to_what_was_put_in(plaintext: bytes, context: bytes, version: int) -> None:
    box = sealed_box(CIPHER, version, plaintext, context)

    assert opened_box(CIPHER, box, context) == plaintext
    assert key_version(box) == version
    assert len(box) == len(plaintext) + OVERHEAD


@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=20)), max_size=5))
def test_many_boxes_open_each_in_its_own_place(pairs: list[tuple[bytes, bytes]]) -> None:
    texts, contexts = [text for text, _context in pairs], [context for _text, context in pairs]
    boxes = list(sealed_boxes(CIPHER, 3, texts, contexts))

    assert [opened_box(CIPHER, box, context) for box, context in zip(boxes, contexts, strict=True)] == texts
    assert len({box[3:15] for box in boxes}) == len(boxes)  # no nonce twice


@given(st.binary(max_size=60), st.data())
def test_a_box_with_any_bit_flipped_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    box = bytearray(sealed_box(CIPHER, 1, plaintext, b"here"))
    bit = data.draw(st.integers(0, len(box) * 8 - 1))
    box[bit // 8] ^= 1 << bit % 8

    with pytest.raises(TamperedError):
        opened_box(CIPHER, bytes(box), b"here")


@given(st.binary(max_size=60), st.integers(0, 90))
def test_a_box_cut_short_does_not_open(plaintext: bytes, kept: int) -> None:
    box = sealed_box(CIPHER, 1, plaintext, b"")

    with pytest.raises(TamperedError):
        cut = box[: min(kept, len(box) - 1)]
        key_version(cut)
        opened_box(CIPHER, cut, b"")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_box_does_not_open_in_another_place(one: bytes, other: bytes) -> None:
    box = sealed_box(CIPHER, 1, b"secret", one)

    if one != other:
        with pytest.raises(TamperedError):
            opened_box(CIPHER, box, other)


def test_two_boxes_of_the_same_text_differ() -> None:
    assert sealed_box(CIPHER, 1, b"text", b"") != sealed_box(CIPHER, 1, b"text", b"")


def test_derivation_is_hkdf_of_rfc_5869() -> None:
    """Test case 3 of RFC 5869 appendix A: no salt, no info."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert derived_key(b"\x0b" * 22, b"", 42).hex() == expected


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=30))
def test_a_key_is_unwrapped_by_its_master_key_even_after_a_rotation(key: bytes, context: bytes) -> None:
    old, new = b"o" * 32, b"n" * 32
    wrapped = master_keys_of(old, ()).wrap(key, context)

    both = master_keys_of(new, (old,))
    assert both.unwrap(wrapped, context) == key
    assert not both.is_current(wrapped)
    with pytest.raises(UnknownKeyError):
        master_keys_of(new, ()).unwrap(wrapped, context)
    with pytest.raises(TamperedError):
        both.unwrap(wrapped, context + b"!")
    with pytest.raises(TamperedError):
        both.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), context)
    with pytest.raises(TamperedError):
        both.unwrap(wrapped[:3], context)
