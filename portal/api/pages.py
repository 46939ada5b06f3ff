"""Pages of a list by keyset: the same speed on page one and page one million, and nothing is counted."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field as Described

from portal.api.errors import InvalidCursorError
from portal.errors import InvalidInputError

DEFAULT_LIMIT = 100
HIGHEST_LIMIT = 1000
LONGEST_CURSOR = 1000

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")


class PageQuery(Schema):
    """``?limit=&cursor=``: declare it as ``page: Query[PageQuery]`` so that the OpenAPI description
    shows it.
    """

    limit: int = Described(DEFAULT_LIMIT, ge=1, le=HIGHEST_LIMIT, description="How many items to answer.")
    cursor: str | None = Described(None, description="The `next_cursor` of the page before.")


class Page(Schema, Generic[Item]):
    """``{"items": [...], "next_cursor": null}``: the answer of every list, ``response=Page[ContactOut]``."""

    items: list[Item]
    next_cursor: str | None = None


def paginate(
    queryset: QuerySet[Row],
    request: HttpRequest,
    key: str = "id",
    *,
    item: Callable[[Row], Any] | None = None,
) -> dict[str, Any]:
    """The page that ``?limit=`` and ``?cursor=`` ask for, in one query.

    ``key`` is ``id``, ``-id``, or another NOT NULL column, ``-`` for newest first; ties are broken by the
    id in the same direction, so that an index on (organisation, column, id) answers. ``item`` turns a row
    into what is sent. Raises ``invalid_cursor`` and ``invalid_input`` (422).
    """
    limit = asked_limit(request)
    names = key_names(key)
    descending = key.startswith("-")
    cursor = request.GET.get("cursor")
    if cursor:
        beyond = TupleLessThan if descending else TupleGreaterThan
        edge = read_cursor(cursor, key, [model_field(queryset, name) for name in names])
        queryset = queryset.filter(beyond(Tuple(*(F(name) for name in names)), edge))
    sign = "-" if descending else ""
    found = list(queryset.order_by(*(f"{sign}{name}" for name in names))[: limit + 1])
    rows = found[:limit]
    more = len(found) > limit
    last = [getattr(rows[-1], name) for name in names] if more else []
    return {
        "items": [item(row) for row in rows] if item else rows,
        "next_cursor": make_cursor(key, last) if more else None,
    }


def key_names(key: str) -> tuple[str, ...]:
    name = key.removeprefix("-")
    return ("id",) if name == "id" else (name, "id")


def model_field(queryset: QuerySet[Any], name: str) -> Field[Any, Any] | None:
    """The model's field, or None for an annotation, whose value is then taken as the cursor has it."""
    try:
        found = queryset.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def asked_limit(request: HttpRequest) -> int:
    """The limit asked for, 1 to 1000; ``invalid_input`` otherwise."""
    text = request.GET.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= HIGHEST_LIMIT):
        raise InvalidInputError.at("limit", code="out_of_range", detail=f"1 to {HIGHEST_LIMIT}")
    return int(text)


def make_cursor(key: str, values: list[Any]) -> str:
    """The edge of a page as opaque text. Keys are ids and times: never a column that holds personal data."""
    # Not Django's encoder: it cuts microseconds, and rows would come twice. ``str`` is exact for what keys are.
    text = json.dumps([key, *values], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, key: str, fields: list[Field[Any, Any] | None]) -> tuple[Any, ...]:
    """The values of the edge; ``invalid_cursor`` for another list's cursor or anything that is none.

    Not signed: every value only ever compares within a query that is already the caller's own.
    """
    if len(cursor) > LONGEST_CURSOR:
        raise InvalidCursorError
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        read = json.loads(raw)
        if not isinstance(read, list) or len(read) != len(fields) + 1 or read[0] != key:
            raise InvalidCursorError
        return tuple(clean(field, value) for field, value in zip(fields, read[1:], strict=True))
    except (binascii.Error, ValueError, ValidationError, TypeError, OverflowError, RecursionError):
        raise InvalidCursorError from None


def clean(field: Field[Any, Any] | None, value: Any) -> Any:
    """The value as the column holds it; raises what the field raises for one that does not fit."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise InvalidCursorError
    if field is None:
        return value
    cleaned = field.to_python(value)
    field.run_validators(cleaned)  # an id beyond 64 bits would be an error of the database
    return cleaned
