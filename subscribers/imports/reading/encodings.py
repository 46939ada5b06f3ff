"""Which encoding is this file in? Decided on a bounded sample, by the plainest test that can tell."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from charset_normalizer import from_bytes

from subscribers.imports.problems import BinaryFileError, EmptyFileError, UnknownEncodingError

HEAD_BYTES = 256 * 1024
SLICE_BYTES = 32 * 1024
SLICES = 16
BYTES_FOR_GUESSING = 16 * 1024

# UTF-32 first: its little-endian mark begins with the one of UTF-16.
BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
# Encodings whose line ends are not the byte 0A, or that change meaning by escape sequences.
STATEFUL = re.compile(r"^(utf-7|iso2022|hz|utf-16$|utf-32$|idna|punycode|raw-|unicode-|undefined)")
BINARY_MARKS: tuple[bytes, ...] = (
    b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0", b"\x1f\x8b",
    b"RIFF", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"BZh", b"\xfd7zXZ", b"SQLite format 3", b"II*\x00", b"MM\x00*",
)  # fmt: skip
CONTROLS = bytes(sorted({*range(0, 9), *range(14, 27), *range(28, 32)}))
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# What Western European text is made of beyond ASCII: letters, and marks that stand anywhere.
WESTERN_LETTERS = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜŸ")
WESTERN_MARKS = frozenset("’‘“”«»–—…€°\xa0·ºª¿¡§£©®²&")  # noqa: RUF001
WESTERN_ENCODINGS = ("cp1252", "mac-roman", "cp850")
SURE = 0.95


def detect_encoding(stream: BinaryIO, size: int) -> tuple[str, int, bool]:
    """The encoding of a file, the length of its byte order mark, and whether the encoding is sure.

    Raises EmptyFileError and BinaryFileError. The stream is left at an unspecified place.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    if not head.strip(b"\x00\t\n\r \xef\xbb\xbf\xff\xfe"):
        raise (BinaryFileError if b"\x00" * 16 in head else EmptyFileError)
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding, len(mark), True
    if head.startswith(BINARY_MARKS):
        raise BinaryFileError
    wide = wide_encoding(head)
    if wide:
        return wide, 0, True
    # In random bytes a tenth are control characters; in a text a few may be, by accident.
    if share(head, CONTROLS) > 0.08 and len(head) > 200:
        raise BinaryFileError
    encoding, sure = narrow_encoding(head + b"".join(slices(stream, size)))
    return encoding, 0, sure


def known_encoding(name: str) -> str:
    """The codec behind a name somebody chose; UnknownEncodingError for what no CSV file is written in."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):  # the latter for a name with NUL
        raise UnknownEncodingError from None
    canonical = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(codec.name, codec.name)
    if STATEFUL.match(canonical) or not codec._is_text_encoding or "\n".encode(canonical).strip(b"\0") != b"\n":
        raise UnknownEncodingError
    return canonical


def length_of_mark(head: bytes, encoding: str) -> int:
    """How many bytes of byte order mark stand before a text of this encoding."""
    return next((len(mark) for mark, name in BYTE_ORDER_MARKS if name == encoding and head.startswith(mark)), 0)


def decoded(raw: bytes, encoding: str) -> str:
    """Text in which each byte that is not text became a lone surrogate."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        if encoding not in WIDTHS:
            return raw.decode(encoding, "surrogateescape")
    try:
        return raw.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:  # the file ends in the middle of a character
        return raw.decode(encoding, "replace")


def share(sample: bytes, characters: bytes) -> float:
    return (len(sample) - len(sample.translate(None, characters))) / max(len(sample), 1)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of a Latin table is zero."""
    even, odd = share(head[::2], b"\0"), share(head[1::2], b"\0")
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    if even > 0.6 and odd < 0.1:
        return "utf-16-be"
    return None


def slices(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Pieces spread over the rest of the file, cut at line ends: accents may first appear late."""
    step = max((size - HEAD_BYTES) // SLICES, SLICE_BYTES)
    for start in range(HEAD_BYTES, size, step):
        stream.seek(start)
        yield b"\n" + stream.read(SLICE_BYTES).partition(b"\n")[2].rpartition(b"\n")[0]


def narrow_encoding(sample: bytes) -> tuple[str, bool]:
    """UTF-8 unless its sequences are mostly broken, then a Western encoding if it reads as such, else a guess."""
    tail = sample[-3:]
    try:
        sample.decode("utf-8")
        return "utf-8", True
    except UnicodeDecodeError as error:
        if error.start >= len(sample) - len(tail) and error.reason == "unexpected end of data":
            return "utf-8", True
    accented = [line for line in sample.split(b"\n") if not line.isascii()]
    sound = sum(1 for line in accented if is_utf8(line))
    if sound > len(accented) * 0.5:
        return "utf-8", False
    material = b"\n".join(line for line in accented if not is_utf8(line))[:BYTES_FOR_GUESSING]
    return western_encoding(material) or (guessed_encoding(material), False)


def is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def western_encoding(material: bytes) -> tuple[str, bool] | None:
    """Windows-1252, Mac Roman or DOS: the one in which the text reads as Western, and whether that is sure.

    It is for the first only, and only where the text reads ill in the others.
    """
    runs = HIGH_RUN.findall(material)
    if sum(1 for run in runs if len(run) <= 2) < len(runs) * 0.9:
        return None
    scores = [(western_share(material.decode(encoding, "replace")), encoding) for encoding in WESTERN_ENCODINGS]
    share, encoding = max(scores, key=lambda score: score[0])  # of equals the first, Windows-1252
    rival = max(other for other, name in scores if name != encoding)
    return (encoding, encoding == "cp1252" and share >= SURE and rival < 0.5) if share >= 0.9 else None


def western_share(text: str) -> float:
    """How much of what is beyond ASCII makes sense: letters in the case of the letter before them, and some marks."""
    good = count = 0
    before = " "
    for character in text:
        if character > "\x7f":
            count += 1
            if character in WESTERN_LETTERS:
                good += not (character.isupper() and before.islower())
            else:
                good += character in WESTERN_MARKS
        before = character
    return good / max(count, 1)


def guessed_encoding(material: bytes) -> str:
    """What charset-normalizer makes of the lines that are not UTF-8; Windows-1252 when it cannot tell."""
    best = from_bytes(material).best()
    if best is None:
        return "cp1252"
    try:
        return known_encoding(best.encoding)
    except UnknownEncodingError:
        return "cp1252"
