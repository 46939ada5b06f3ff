"""Lists come in pages that neither skip nor repeat."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from portal.api.errors import InvalidCursorError
from portal.api.pages import make_cursor, read_cursor
from portal.organisations.models import Organisation
from tests.portal.api.test_doors import problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def pages(client: Client, sort: str, limit: int) -> list[list[str]]:
    found, cursor = [], ""
    while True:
        query = {"sort": sort, "limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/v1/groups", query).json()
        found.append([item["name"] for item in answer["items"]])
        if answer["next_cursor"] is None:
            return found
        cursor = answer["next_cursor"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id", ["Acme", "B", "A", "B", "C"]),
        ("-id", ["C", "B", "A", "B", "Acme"]),
        ("name", ["A", "Acme", "B", "B", "C"]),
        ("-name", ["C", "B", "B", "Acme", "A"]),
        ("created_at", ["Acme", "B", "A", "B", "C"]),
    ],
)
def test_every_row_comes_once_in_order(owner_client: Client, sort: str, expected: list[str], limit: int) -> None:
    for number, name in enumerate(["B", "A", "B", "C"]):
        Organisation.objects.create(slug=f"o{number}", name=name)

    found = pages(owner_client, sort, limit)

    assert [name for page in found for name in page] == expected
    assert all(len(page) == limit for page in found[:-1])


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1e3", "²"])
def test_a_limit_out_of_range_is_refused(owner_client: Client, limit: str) -> None:
    found = problem(owner_client.get("/api/v1/groups", {"limit": limit}), 422, "invalid_input")
    assert found["errors"][0]["loc"] == ["limit"]


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["!", "AAAA", "x" * 2000, cursor_of("[]"), cursor_of('["id"]'), cursor_of('["name","a",1]')]
    + [cursor_of(f'["id",{value}]') for value in ("null", "true", '"x"', "[1]", "99999999999999999999", "1e400")],
)
def test_a_cursor_that_is_not_ours_is_refused(owner_client: Client, cursor: str) -> None:
    problem(owner_client.get("/api/v1/groups", {"cursor": cursor}), 422, "invalid_cursor")


@given(st.text(max_size=60))
def test_no_text_makes_the_cursor_reader_stumble(text: str) -> None:
    field: Any = Organisation._meta.get_field("id")
    with suppress(InvalidCursorError):
        assert isinstance(read_cursor(text, "id", [field])[0], int)


def test_a_cursor_comes_back_as_it_was_made() -> None:
    field: Any = Organisation._meta.get_field("id")
    assert read_cursor(make_cursor("id", [7]), "id", [field]) == (7,)
