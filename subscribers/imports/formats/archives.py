"""ZIP and GZIP: which files are in there, and the bytes of one of them, within bounds.

Names inside an archive are shown, never used as paths; sizes it claims are never believed.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from subscribers.imports.problems import (
    BrokenFileError,
    EmptyFileError,
    EncryptedFileError,
    NoSuchPartError,
    UnpacksTooLargeError,
    UnsupportedArchiveError,
)

PIECE_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024
MOST_MEMBERS = 10_000
DIRECTORY_BYTES = 8 * 1024 * 1024  # of a ZIP, all of which is read into memory
END_BYTES = 65_557  # of the record at the end with its comment
MOST_PARTS = 100  # that are offered
# A table packs to a tenth, a monotonous one to a fiftieth; what packs better than this was made to burst.
RATIO, RATIO_FROM = 250, 64 * 1024 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
JUNK = re.compile(r"(^|/)(\.[^./]|__MACOSX/|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
SHEET_MARKS = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/", b"opendocument.spreadsheet")
# Neither tables nor spreadsheets: pictures, documents, other archives.
OTHER_FILES = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd", b"\x7fELF", b"MZ", b"SQLite format 3",
)  # fmt: skip
# What the modules of Python raise for an archive that is damaged, or odd on purpose.
FAILURES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a ZIP that may hold a table, under the name it is shown with."""

    name: str
    info: zipfile.ZipInfo
    addresses: bool


@contextmanager
def opened_zip(stream: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Raises BrokenFileError, also inside the block, and UnpacksTooLargeError for an archive of too many files."""
    try:
        require_small_directory(stream)
        with zipfile.ZipFile(stream) as archive:
            yield archive
    except FAILURES:
        raise BrokenFileError from None


def require_small_directory(stream: BinaryIO) -> None:
    """Look at the end of a ZIP before its directory is read into memory."""
    size = stream.seek(0, 2)
    stream.seek(max(size - END_BYTES, 0))
    tail = stream.read(END_BYTES)
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + 22:
        raise BrokenFileError
    members, length = struct.unpack_from("<10xHL", tail, place)
    if tail[place - 20 : place - 16] == LOCATOR_64 and place >= 20:
        (offset,) = struct.unpack_from("<8xQ", tail, place - 20)
        stream.seek(min(offset, size))
        record = stream.read(56)
        if not record.startswith(END_64) or len(record) < 56:
            raise BrokenFileError
        members, length = struct.unpack_from("<32xQQ", record)
    if members > MOST_MEMBERS or length > DIRECTORY_BYTES:
        raise UnpacksTooLargeError


def members_of(archive: zipfile.ZipFile) -> list[Member]:
    """The files that may hold a table. Raises EncryptedFileError, UnsupportedArchiveError and EmptyFileError."""
    named = [info for info in archive.infolist() if info.filename]  # a damaged archive may have one without a name
    files = [info for info in named if not info.is_dir() and not JUNK.search(info.filename)]
    if not any(info.file_size for info in files):
        raise EmptyFileError
    if any(is_encrypted(info) for info in files):
        raise EncryptedFileError
    found: list[Member] = []
    for info in files:
        if info.file_size and info.compress_type in METHODS and len(found) < MOST_PARTS:
            head = head_of(archive, info)
            if may_hold_table(head):
                found.append(Member(shown_name(info, found), info, b"@" in head))
    if not found:
        raise UnsupportedArchiveError
    return found


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & 0x1)


def head_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        return stream.read(HEAD_BYTES)


def may_hold_table(head: bytes) -> bool:
    if head.startswith(b"PK\x03\x04"):
        return any(mark in head for mark in SHEET_MARKS)
    return not head.startswith(OTHER_FILES)


def shown_name(info: zipfile.ZipInfo, others: list[Member]) -> str:
    name = CONTROL.sub("\ufffd", info.filename)[-190:]
    seen = sum(1 for other in others if other.name.partition(" (")[0] == name or other.name == name)
    return f"{name} ({seen + 1})" if seen else name


def chosen(members: list[Member], part: str) -> Member:
    """The one named, else the largest of those with an address. Raises NoSuchPartError."""
    if not part:
        return max(members, key=lambda member: (member.addresses, member.info.file_size))
    found = next((member for member in members if member.name == part), None)
    if found is None:
        raise NoSuchPartError
    return found


def unpacked(archive: zipfile.ZipFile, member: Member, *, most: int) -> Iterator[bytes]:
    """The bytes of a file in a ZIP. Raises BrokenFileError and UnpacksTooLargeError."""
    with archive.open(member.info) as stream:
        yield from within_bounds(stream, most=most, packed=member.info.compress_size)


def unpacked_gzip(stream: BinaryIO, *, size: int, most: int) -> Iterator[bytes]:
    """The bytes in a GZIP, whose parts may follow one another. Raises BrokenFileError and UnpacksTooLargeError."""
    stream.seek(0)
    yield from within_bounds(GzipReader(stream), most=most, packed=size)


def within_bounds(stream: IO[bytes] | GzipReader, *, most: int, packed: int) -> Iterator[bytes]:
    given = 0
    try:
        while piece := stream.read(PIECE_BYTES):
            given += len(piece)
            if given > most or (given > RATIO_FROM and given > packed * RATIO):
                raise UnpacksTooLargeError
            yield piece
    except FAILURES:
        raise BrokenFileError from None


class GzipReader:
    """Unpacks as much as is asked for, checks and all, in constant memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._unpacker = zlib.decompressobj(wbits=31)

    def read(self, size: int) -> bytes:
        while True:
            if self._unpacker.eof:
                rest = (self._unpacker.unused_data or self._stream.read(PIECE_BYTES)).lstrip(b"\0")
                if not rest:
                    return b""
                self._unpacker = zlib.decompressobj(wbits=31)
            else:
                rest = self._unpacker.unconsumed_tail or self._stream.read(PIECE_BYTES)
                if not rest:
                    raise EOFError
            if piece := self._unpacker.decompress(rest, size):
                return piece
