"""Pictures as people upload them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><script>alert(1)</script></svg>'


def drawn(colour: str = "#8a4b08", size: tuple[int, int] = (800, 240), ground: str = "#ffffff00") -> Image.Image:
    """A wordmark of bars and a disc on a transparent ground."""
    picture = Image.new("RGBA", size, ground)
    pen, (width, height) = ImageDraw.Draw(picture), size
    pen.ellipse((0, 0, height - 1, height - 1), fill=colour)
    for place in range(4):
        start = height + height // 4 + place * width // 8
        pen.rectangle((start, height // 4, start + width // 16, height * 3 // 4), fill=colour)
    return picture


def file_of(picture: Image.Image, kind: str = "PNG", **said: Any) -> bytes:
    written = BytesIO()
    (picture if kind != "JPEG" else picture.convert("RGB")).save(written, kind, **said)
    return written.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some hundred bytes that says it has 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def uploaded(content: bytes, name: str = "logo.png", media_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, media_type)
