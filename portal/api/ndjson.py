"""Newline-delimited JSON: many things in one request, answered line by line, in little memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from django.http import FileResponse, HttpRequest

from portal.api.errors import InvalidJsonError
from portal.api.parsing import read_json
from portal.errors import FieldProblem, InvalidInputError

MEDIA_TYPE = "application/x-ndjson"
LONGEST_LINE = 64 * 1024
BLOCK = 64 * 1024
IN_MEMORY = 4 * 1024**2


def is_ndjson(request: HttpRequest) -> bool:
    return request.content_type == MEDIA_TYPE


def chunks(request: HttpRequest, size: int) -> Iterator[list[tuple[int, dict[str, Any] | FieldProblem]]]:
    """The lines of the body, so many at a time: number from 1, and the object or what is wrong with the line.

    Empty lines are passed over. The body is read as it comes, never whole.
    """
    lines = numbered_lines(request)
    while chunk := [(number, read_line(text)) for number, text in islice(lines, size)]:
        yield chunk


def numbered_lines(request: HttpRequest) -> Iterator[tuple[int, bytes]]:
    """Each line that is not empty; of one that is too long its beginning, a byte longer than a line may be."""
    number, rest = 0, b""
    # Blocks, cut here: a server's own ``readline`` with a size may give up what it read beyond the line.
    while block := request.read(BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        for text in lines:
            number += 1
            if text.strip():
                yield number, text[: LONGEST_LINE + 1]
        rest = rest[: LONGEST_LINE + 1]
    if rest.strip():
        yield number + 1, rest


def read_line(text: bytes) -> dict[str, Any] | FieldProblem:
    if len(text) > LONGEST_LINE:
        return FieldProblem((), "too_long", f"{LONGEST_LINE} bytes at most in a line")
    return parsed(text)


def parsed(text: bytes) -> dict[str, Any] | FieldProblem:
    try:
        found = read_json(text)
    except InvalidInputError as error:
        return error.errors[0]
    except InvalidJsonError:
        found = None
    return found if isinstance(found, dict) else FieldProblem((), "invalid_json", "Each line is a JSON object.")


def answer_lines(lines: Iterable[dict[str, Any]]) -> FileResponse:
    """The answers as they are worked out, kept on disk when there are many, then sent."""
    kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    for line in lines:
        kept.write(json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n")
    kept.seek(0)
    return FileResponse(kept, content_type=MEDIA_TYPE)
