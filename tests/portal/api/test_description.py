"""What an API says of itself: OpenAPI for programs, a page for people, nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from portal.api.docs import marked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def test_the_openapi_description_tells_scopes_problems_and_keys() -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    make = schema["paths"]["/api/v1/things"]["post"]

    assert schema["openapi"].startswith("3.1")
    assert make["x-scope"] == "contacts.edit"
    assert make["security"] == [{"BearerToken": []}]
    assert "application/problem+json" in make["responses"]["default"]["content"]
    assert [parameter["name"] for parameter in make["parameters"]] == ["Idempotency-Key"]
    listed = schema["paths"]["/api/v1/groups"]["get"]["parameters"]
    assert [parameter["name"] for parameter in listed][:2] == ["limit", "cursor"]


@pytest.mark.parametrize("address", ["/api/v1/docs", "/api/engine/v1/docs", "/api/host/v1/docs"])
def test_the_page_needs_no_script_and_no_other_origin(address: str) -> None:
    response = Client().get(address)
    page = response.content.decode()

    assert response.status_code == 200
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert page.count("<h1") == 1


def test_the_page_shows_every_operation_with_its_values() -> None:
    page = Client().get("/api/v1/docs").content.decode()

    assert "/api/v1/things" in page
    assert "contacts.edit" in page
    assert "A thing to make." in page
    assert 'id="insufficient_scope"' in page
    assert "string (email) or null" in page


def test_words_between_backticks_are_code_and_nothing_else_is_markup() -> None:
    assert marked("take `limit` <b>") == "take <code>limit</code> &lt;b&gt;"
