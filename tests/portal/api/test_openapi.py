"""The descriptions of the real APIs can be read by any program that reads OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client


def parts_of(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for item in value.values():
                yield from parts_of(item)
        case list():
            for item in value:
                yield from parts_of(item)


@pytest.fixture(params=["v1", "engine/v1", "host/v1"])
def description(request: pytest.FixtureRequest, db: None) -> dict[str, Any]:
    found: dict[str, Any] = Client().get(f"/api/{request.param}/openapi.json").json()
    return found


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = {part["$ref"] for part in parts_of(description) if isinstance(part.get("$ref"), str)}
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert references
    assert references <= known


def test_every_default_is_a_value_one_may_send(description: dict[str, Any]) -> None:
    limits = [part for part in parts_of(description) if "default" in part and {"minLength", "minItems"} & set(part)]
    assert [part for part in limits if not part["default"]] == []
