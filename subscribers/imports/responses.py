"""The answer with rejected rows, the same for pages and programs."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse

from subscribers.imports.models import Import


def rejects_response(source: Import, lines: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{source.pk}-rejects.csv"'
    return response
