"""CSV files that spreadsheets open without running anything."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

# What a spreadsheet takes for a formula (OWASP, "CSV injection"); a plain international phone number is none.
FORMULA = re.compile(r"^\s*[=+\-@\t\r]")
PLAIN_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as something else


def safe_cell(value: Any) -> str:
    """The value as text; what would be run as a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if FORMULA.match(text) and not PLAIN_NUMBER.match(text) else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Each row as a line of CSV (RFC 4180)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def csv_response(rows: Iterable[Sequence[Any]], *, name: str) -> StreamingHttpResponse:
    """A download that is written while it is read; ``rows`` enters what scope it needs by itself."""

    def content() -> Iterator[str]:
        yield BYTE_ORDER_MARK
        yield from csv_lines(rows)

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(content(), content_type="text/csv; charset=utf-8", headers=headers)
