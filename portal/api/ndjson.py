"""Newline-delimited JSON: many things in one request, answered line by line, in little memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from django.http import FileResponse, HttpRequest

from portal.errors import FieldProblem, InvalidInputError

MEDIA_TYPE = "application/x-ndjson"
LONGEST_LINE = 64 * 1024
IN_MEMORY = 4 * 1024**2


def is_ndjson(request: HttpRequest) -> bool:
    return request.content_type == MEDIA_TYPE


def chunks(request: HttpRequest, size: int) -> Iterator[list[tuple[int, dict[str, Any] | FieldProblem]]]:
    """The lines of the body, so many at a time: number from 1, and the object or what is wrong with the line.

    Empty lines are passed over. The body is read as it comes, never whole. ``invalid_input`` for a line without end.
    """
    lines = numbered_lines(request)
    while chunk := [(number, parsed(text)) for number, text in islice(lines, size)]:
        yield chunk


def numbered_lines(request: HttpRequest) -> Iterator[tuple[int, bytes]]:
    number = 0
    while text := request.readline(LONGEST_LINE):
        number += 1
        if len(text) >= LONGEST_LINE and not text.endswith(b"\n"):
            raise InvalidInputError.at(number, code="too_long", detail=f"{LONGEST_LINE} bytes at most in a line")
        if text.strip():
            yield number, text


def parsed(text: bytes) -> dict[str, Any] | FieldProblem:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else FieldProblem((), "invalid_json", "Each line is a JSON object.")


def answer_lines(lines: Iterable[dict[str, Any]]) -> FileResponse:
    """The answers as they are worked out, kept on disk when there are many, then sent."""
    kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    for line in lines:
        kept.write(json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n")
    kept.seek(0)
    return FileResponse(kept, content_type=MEDIA_TYPE)
