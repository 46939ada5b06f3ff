"""What is inside a PDF."""

from __future__ import annotations

import re
import zlib


def objects_of(content: bytes) -> bytes:
    """The PDF with all its streams unpacked: what it says of itself can then be found."""
    found = [content]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return b"\n".join(found)


def pages_of(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", objects_of(content)))
