"""Reading what callers send: JSON as RFC 8259 means it, and no text that the database could not keep."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from ninja.parser import Parser

from portal.api.errors import InvalidJsonError
from portal.errors import FieldProblem, InvalidInputError

Place = tuple[str | int, ...]
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class CarefulParser(Parser):
    """Ninja's parser with `read_json`, and the same care for queries and forms."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)

    def parse_querydict(self, data: MultiValueDict, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        refuse_unstorable({name: data.getlist(name) for name in data})
        return super().parse_querydict(data, list_fields, request)


def read_json(text: bytes | str) -> Any:
    """The value of a JSON text; raises ``invalid_json`` (400), and ``invalid_input`` for text nobody can store.

    NaN, Infinity and numbers beyond a double are no JSON that two programs would read alike (RFC 8259, section 6).
    """
    try:
        found = json.loads(text, parse_constant=refuse_constant, parse_int=read_integer, parse_float=read_number)
    except (ValueError, RecursionError):
        raise InvalidJsonError from None
    # Only an escape can bring in what is checked for: JSON forbids a bare NUL, and UTF-8 a surrogate.
    if (b"\\u" if isinstance(text, bytes) else "\\u") in text:  # type: ignore[operator]
        refuse_unstorable(found)
    return found


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def read_integer(digits: str) -> int:
    read_number(digits)
    return int(digits)


def read_number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def refuse_unstorable(value: Any) -> None:
    """Raise ``invalid_input`` with the place of each text that holds NUL or half a character."""
    detail = _("A character here can't be stored.")
    problems = [FieldProblem(place, "invalid_value", detail) for place in unstorable(value, ())]
    if problems:
        raise InvalidInputError(errors=problems[:20])


def unstorable(value: Any, place: Place) -> Iterator[Place]:
    match value:
        case str():
            if not is_storable(value):
                yield place
        case list():
            for position, item in enumerate(value):
                yield from unstorable(item, (*place, position))
        case dict():
            for name, item in value.items():
                if is_storable(name):
                    yield from unstorable(item, (*place, name))
                else:
                    yield place


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None
