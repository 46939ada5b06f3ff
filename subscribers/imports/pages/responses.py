"""Answers that are files, the same for pages and programs."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from subscribers.imports.models import Import, ImportDocument


def rejects_response(source: Import, lines: Iterator[str]) -> StreamingHttpResponse:
    return csv_file(f"import-{source.pk}-rejects.csv", lines)


def outcome_response(source: Import, category: str, lines: Iterator[str]) -> StreamingHttpResponse:
    return csv_file(f"import-{source.pk}-{category}.csv", lines)


def csv_file(name: str, lines: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def document_response(document: ImportDocument, pieces: Iterator[bytes]) -> StreamingHttpResponse:
    """Somebody else made this file: it is saved, and no browser shows or runs it on our address."""
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=document.name)
    response["Content-Length"] = str(document.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response
