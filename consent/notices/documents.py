"""A document somebody uploads for a notice: one of five kinds, by its content and its name together.

It is handed out as it came, always as an attachment. What can act by itself (macros) is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO

from django.utils.translation import gettext_lazy as _

from consent.notices.errors import file_refusal

MOST_BYTES = 5 * 1024**2
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# Of an archive only its table and these small members are read.
MOST_MEMBERS = 2_000
MOST_OF_A_MEMBER = 256 * 1024
WORD_DOCUMENT = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACROS = re.compile(r"(^|/)(vbaProject[^/]*\.bin|vbaData\.xml|Basic/|Scripts/)", re.IGNORECASE)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# What makes a PDF act when it is opened, where it is written in clear; streams are noise that can look like anything.
STREAMS = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
PDF_ACTIONS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|XFA)\b")


def checked_document(content: bytes, name: str) -> str:
    """The extension of the kind this is; raises ``invalid_input`` with a code ``notice_document_*`` at ``file``."""
    if len(content) > MOST_BYTES:
        detail = _("The document is larger than 5 MB: too much for a phone. Make it smaller, or split it.")
        raise file_refusal("notice_document_too_large", detail)
    extension = name.rpartition(".")[2].lower()
    if extension not in LOOKS or not LOOKS[extension](content):
        detail = _("Send a PDF, a plain text or CSV in UTF-8, an ODT or a DOCX, under its own extension.")
        raise file_refusal("notice_document_type", detail)
    if acts(content, extension):
        detail = _("This document carries macros, scripts or files inside. Save it without them, then send it again.")
        raise file_refusal("notice_document_active", detail)
    return extension


def is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]


def is_text(content: bytes) -> bool:
    try:
        return not CONTROLS.search(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return False


def is_odt(content: bytes) -> bool:
    return member(content, "mimetype").strip() == MEDIA_TYPES["odt"].encode()


def is_docx(content: bytes) -> bool:
    return WORD_DOCUMENT in member(content, "[Content_Types].xml")


LOOKS: dict[str, Callable[[bytes], bool]] = {
    "pdf": is_pdf,
    "txt": is_text,
    "csv": is_text,
    "odt": is_odt,
    "docx": is_docx,
}


def acts(content: bytes, extension: str) -> bool:
    if extension == "pdf":
        return bool(PDF_ACTIONS.search(STREAMS.sub(b"", content)))
    if extension in ("odt", "docx"):
        return any(MACROS.search(name) for name in names_in(content))
    return False


def names_in(content: bytes) -> list[str]:
    """The members of an archive; none when it is not one we can read."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except Exception:  # a broken archive makes the reader trip over whatever it finds
        return []
    return names if len(names) <= MOST_MEMBERS else []


def member(content: bytes, name: str) -> bytes:
    """The beginning of one member, empty where there is none."""
    if name not in names_in(content):
        return b""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive, archive.open(name) as file:
            return file.read(MOST_OF_A_MEMBER)
    except Exception:
        return b""
