"""What a file is, told by its content: its name is what somebody called it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import BinaryIO

import ijson

from subscribers.imports.formats.archives import opened_zip
from subscribers.imports.problems import (
    BinaryFileError,
    EncryptedFileError,
    UnsupportedArchiveError,
    UnsupportedFileError,
)
from subscribers.imports.reading.encodings import decoded, detect_encoding

HEAD_BYTES = 256 * 1024
TAR_MARK = slice(257, 262)
ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"LZIP", b"\x04\x22\x4d\x18")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKUP = re.compile(r"^\s*<(?:\?xml|!doctype|html|table|head|body|meta)\b", re.IGNORECASE)
VCARD = re.compile(r"^\s*BEGIN\s*:\s*VCARD\s*$", re.IGNORECASE | re.MULTILINE)
MOST_EVENTS = 1000


class Format(StrEnum):
    """How a file is packed or written; the kinds of `FileKind`, and what may hold one of them."""

    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    JSON = "json"
    NDJSON = "ndjson"
    VCARD = "vcard"
    ZIP = "zip"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class Found:
    """What a file is; the encoding of the formats that are text but no table."""

    format: Format
    encoding: str = "utf-8"


def format_of(stream: BinaryIO, size: int) -> Found:
    """Raises EncryptedFileError, UnsupportedArchiveError, UnsupportedFileError, BinaryFileError and EmptyFileError."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Found(zipped(stream))
    if head.startswith(b"\x1f\x8b"):
        return Found(Format.GZIP)
    if head.startswith(OLE):
        return Found(compound(stream))
    if head.startswith(ARCHIVES) or head[TAR_MARK] == b"ustar":
        raise UnsupportedArchiveError
    encoding, mark, _sure = detect_encoding(stream, size)
    text = decoded(head[mark:], encoding).lstrip()
    if MARKUP.match(text):
        raise UnsupportedFileError
    if VCARD.match(text):
        return Found(Format.VCARD, encoding)
    if text.startswith(("{", "[")) and is_json(text):
        return Found(Format.NDJSON if is_by_line(text) else Format.JSON, encoding)
    return Found(Format.CSV)


def zipped(stream: BinaryIO) -> Format:
    """A workbook, or an archive of something else. Raises EncryptedFileError and UnsupportedFileError."""
    with opened_zip(stream) as archive:
        names = set(archive.namelist())
        if "mimetype" in names and archive.getinfo("mimetype").file_size < 1000:
            kind = archive.read("mimetype").decode("ascii", "replace").strip()
            if kind.startswith("application/vnd.oasis.opendocument.spreadsheet"):
                if "META-INF/manifest.xml" in names and is_encrypted_document(archive):
                    raise EncryptedFileError
                return Format.ODS
            raise UnsupportedFileError
        if names & {"xl/workbook.xml", "xl/workbook.bin"}:
            return Format.XLSX
        # Word, PowerPoint, Numbers.
        if "[Content_Types].xml" in names or any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
            raise UnsupportedFileError
        return Format.ZIP


def is_encrypted_document(archive: zipfile.ZipFile) -> bool:
    with archive.open("META-INF/manifest.xml") as manifest:
        return b"encryption-data" in manifest.read(HEAD_BYTES)


def compound(stream: BinaryIO) -> Format:
    """An OLE file: a workbook by Excel 5 to 2003, a newer one behind a password, or another document."""
    stream.seek(0)
    workbook, tail = False, b""
    while piece := stream.read(HEAD_BYTES):
        window = tail + piece
        if "EncryptedPackage".encode("utf-16-le") in window:
            raise EncryptedFileError
        workbook = workbook or any(f"{name}\0".encode("utf-16-le") in window for name in ("Workbook", "Book", "BOOK"))
        tail = piece[-64:]
    if not workbook:
        raise BinaryFileError
    return Format.XLS


def is_json(text: str) -> bool:
    """Does it begin as JSON does, up to the first thing that can't be a row of a table?"""
    raw = io.BytesIO(text.encode("utf-8", "replace"))
    seen = 0
    try:
        # Without the paths of what is met: of lists in lists in lists they are long.
        for event, _value in islice(ijson.basic_parse(raw, multiple_values=True, buf_size=4096), MOST_EVENTS):
            seen += event not in ("start_map", "start_array")
            if seen > 1:
                return True
    except ijson.IncompleteJSONError:
        pass  # the head of a file ends anywhere
    except (ijson.JSONError, UnicodeError):
        return False
    return seen > 0


def is_by_line(text: str) -> bool:
    """NDJSON: the first line is an object, and another one follows."""
    first, _newline, rest = text.partition("\n")
    if not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
