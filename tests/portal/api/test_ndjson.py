"""Many things in one request, line by line."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from django.http import HttpRequest

from portal.api.ndjson import BLOCK, LONGEST_LINE, chunks
from portal.errors import FieldProblem


class Sent:
    """A request whose server gives the body in blocks of at most this size, and knows no other way to read."""

    def __init__(self, body: bytes, block: int) -> None:
        self.body, self.block = body, block

    def read(self, size: int) -> bytes:
        size = min(size, self.block)
        given, self.body = self.body[:size], self.body[size:]
        return given


def lines_in(body: bytes, *, block: int = BLOCK, size: int = 1000) -> list[tuple[int, Any]]:
    request = cast("HttpRequest", Sent(body, block))
    return [pair for chunk in chunks(request, size) for pair in chunk]


def code_of(found: dict[str, Any] | FieldProblem) -> str:
    return found.code if isinstance(found, FieldProblem) else "read"


@pytest.mark.parametrize("block", [1, 7, BLOCK])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_every_line_is_read_however_the_server_cuts_the_body(block: int, end: bytes) -> None:
    body = b"\n".join(json.dumps({"number": number}).encode() for number in range(1, 51)) + end

    found = lines_in(body, block=block, size=7)

    assert found == [(number, {"number": number}) for number in range(1, 51)]


def test_empty_lines_count_and_are_passed_over() -> None:
    assert lines_in(b'\n{"a": 1}\n\n \n{"a": 2}') == [(2, {"a": 1}), (5, {"a": 2})]


def test_a_line_without_end_is_refused_and_the_next_one_is_read() -> None:
    body = b"\n".join([b'{"a": 1}', b"x" * (3 * LONGEST_LINE), b'{"a": 2}', b"y" * (LONGEST_LINE + 1)])

    assert [(number, code_of(found)) for number, found in lines_in(body)] == [
        (1, "read"),
        (2, "too_long"),
        (3, "read"),
        (4, "too_long"),
    ]


def test_what_is_no_object_is_refused_line_by_line() -> None:
    body = b"\n".join([b"[]", b"1", b"{", b"\xff", b"[" * 60_000, b"{}"])

    assert [code_of(found) for _number, found in lines_in(body)] == ["invalid_json"] * 5 + ["read"]
