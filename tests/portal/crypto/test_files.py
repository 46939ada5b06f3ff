"""Sealed files: what is written is read back, at any place, and whatever was changed does not open."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.crypto.errors import TamperedError
from portal.crypto.files import CHUNK_BYTES, HEADER_BYTES, SEALED_BYTES, SealedWriter, new_file_key, sealed_reader

KEY = b"k" * 32
sizes = st.sampled_from((0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES - 7))


def plain(size: int) -> bytes:
    return (b"%08d" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]


def sealed(content: bytes, *, key: bytes = KEY, context: bytes = b"here", piece: int = 100_000) -> bytes:
    raw = io.BytesIO()
    writer = SealedWriter(raw, key, context=context)
    for start in range(0, len(content), piece):
        writer.write(content[start : start + piece])
    writer.finish()
    assert writer.size == len(content)
    return raw.getvalue()


def opened(box: bytes, *, key: bytes = KEY, context: bytes = b"here") -> bytes:
    return sealed_reader(io.BytesIO(box), key, context=context).read()


@settings(deadline=None)
@given(sizes, st.integers(1, 3 * CHUNK_BYTES))
def test_what_is_written_in_any_pieces_is_read_back(size: int, piece: int) -> None:
    content = plain(size)
    box = sealed(content, piece=max(piece, 1000))
    assert opened(box) == content
    assert size < 8 or content[:8] not in box


@settings(deadline=None)
@given(sizes, st.data())
def test_it_reads_at_any_place(size: int, data: st.DataObject) -> None:
    content = plain(size)
    stream = sealed_reader(io.BytesIO(sealed(content)), KEY, context=b"here")
    for _ in range(5):
        place, count = data.draw(st.integers(0, size + 10)), data.draw(st.integers(0, CHUNK_BYTES * 2))
        assert stream.seek(place) == place
        assert stream.read(count) == content[place : place + count]
    assert stream.seek(-min(size, 5), io.SEEK_END) == size - min(size, 5)
    assert stream.read() == content[-min(size, 5) :] * bool(size)


@settings(deadline=None)
@given(st.sampled_from((0, 40, CHUNK_BYTES * 2 + 40)), st.data())
def test_a_flipped_bit_anywhere_does_not_open(size: int, data: st.DataObject) -> None:
    box = bytearray(sealed(plain(size)))
    bit = data.draw(st.integers(0, len(box) * 8 - 1))
    box[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TamperedError):
        opened(bytes(box))


@pytest.mark.parametrize(
    "kept", [0, 10, HEADER_BYTES, HEADER_BYTES + SEALED_BYTES, HEADER_BYTES + 2 * SEALED_BYTES, -1]
)
def test_a_file_that_was_cut_does_not_open(kept: int) -> None:
    with pytest.raises(TamperedError):
        opened(sealed(plain(2 * CHUNK_BYTES + 5))[:kept])


def test_what_follows_the_last_chunk_does_not_open() -> None:
    with pytest.raises(TamperedError):
        opened(sealed(plain(CHUNK_BYTES)) + bytes(100))


def test_chunks_that_changed_places_do_not_open() -> None:
    box = sealed(plain(3 * CHUNK_BYTES))
    head, first, second = box[:HEADER_BYTES], box[HEADER_BYTES:][:SEALED_BYTES], box[HEADER_BYTES:][SEALED_BYTES:]
    with pytest.raises(TamperedError):
        opened(head + second[:SEALED_BYTES] + first + second[SEALED_BYTES:])


def test_a_file_that_was_not_finished_does_not_open() -> None:
    raw = io.BytesIO()
    SealedWriter(raw, KEY, context=b"here").write(plain(CHUNK_BYTES * 2))
    with pytest.raises(TamperedError):
        opened(raw.getvalue())


def test_another_key_or_place_does_not_open() -> None:
    box = sealed(b"Ada")
    assert len(new_file_key()) == 32
    for wrong in ({"key": new_file_key()}, {"context": b"there"}):
        with pytest.raises(TamperedError):
            opened(box, **wrong)


def test_two_files_of_one_key_have_nothing_in_common() -> None:
    assert sealed(plain(100))[HEADER_BYTES:] != sealed(plain(100))[HEADER_BYTES:]
