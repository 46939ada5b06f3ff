"""A file as an answer: never run, never guessed at, and a document never opened in place."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from consent.notices.structure import AttachedFile

# Should a browser take a file for a page after all, it does nothing and fetches nothing.
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
A_YEAR = "public, max-age=31536000, immutable"
MEMBERS_ONLY = "private, no-store"


def file_answer(file: AttachedFile, content: bytes, *, caching: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type(file))
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = caching
    is_picture = file.media_type.startswith("image/")
    response["Content-Disposition"] = content_disposition_header(not is_picture, file.name) or "attachment"
    return response


def media_type(file: AttachedFile) -> str:
    return f"{file.media_type}; charset=utf-8" if file.media_type.startswith("text/") else file.media_type
