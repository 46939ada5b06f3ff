"""The readable page of an API, written on the server from its OpenAPI description: no script, no other
origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from portal.errors import DomainError, error_classes

METHODS = ("get", "post", "patch", "put", "delete")
DEEPEST = 4
CODE = re.compile(r"`{1,2}([^`]+)`{1,2}")

Schema = dict[str, Any]


@dataclass(frozen=True)
class Property:
    """One value of a body or an answer, indented by ``depth``."""

    name: str
    kind: str
    required: bool
    note: str
    depth: int


@dataclass(frozen=True)
class Shape:
    """What a body or an answer looks like: its media type or status, and its values."""

    label: str
    kind: str
    note: str
    properties: list[Property]


@dataclass(frozen=True)
class Described:
    """An operation as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    note: str
    scope: str
    parameters: list[Property]
    bodies: list[Shape]
    answers: list[Shape]


class DocsPage(DocsBase):
    """Replaces Swagger UI: half a megabyte of script is no way to read forty operations."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema(path_params=kwargs)
        context = {
            "api": api,
            "description": marked(api.description),
            "groups": groups(schema),
            "codes": sorted(error_classes(DomainError), key=lambda error: error.code),
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "portal/api/docs.html", context)


def marked(text: object) -> SafeString:
    """The text escaped, with what stands between backticks as code."""
    return mark_safe(CODE.sub(r"<code>\1</code>", escape(str(text))))  # noqa: S308 - escaped just here


def groups(schema: Schema) -> dict[str, list[Described]]:
    """The operations by their first tag, in the order of the routers."""
    found: dict[str, list[Described]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                tag = (operations[method].get("tags") or [""])[0]
                found.setdefault(str(tag).capitalize(), []).append(
                    described_operation(schema, path, method, operations[method])
                )
    return found


def described_operation(schema: Schema, path: str, method: str, operation: Schema) -> Described:
    content = operation.get("requestBody", {}).get("content", {})
    return Described(
        anchor=str(operation.get("operationId", f"{method}-{path}")),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        note=marked(operation.get("description", "")),
        scope=operation.get("x-scope", ""),
        parameters=[parameter(schema, given) for given in operation.get("parameters", [])],
        bodies=[shape(schema, media, given.get("schema", {})) for media, given in content.items()],
        answers=[
            answer(schema, str(status), given)
            for status, given in operation["responses"].items()
            if status != "default"
        ],
    )


def answer(schema: Schema, status: str, given: Schema) -> Shape:
    found: Schema = next((media.get("schema", {}) for media in given.get("content", {}).values()), {})
    return shape(schema, status, found)


def parameter(schema: Schema, given: Schema) -> Property:
    wanted = resolved(schema, given.get("schema", {}))
    note = given.get("description") or wanted.get("description", "")
    return Property(
        given["name"], f"{kind(schema, wanted)}, {given['in']}", given.get("required", False), marked(note), 0
    )


def shape(schema: Schema, label: str, given: Schema) -> Shape:
    found = resolved(schema, given)
    return Shape(label, kind(schema, given), marked(found.get("description", "")), list(properties(schema, given)))


def resolved(schema: Schema, given: Schema) -> Schema:
    """The schema itself instead of a reference to it, and of a nullable one the part that is not null."""
    if "$ref" in given:
        name = given["$ref"].rsplit("/", 1)[-1]
        return dict(schema.get("components", {}).get("schemas", {}).get(name, {}))
    parts = [part for part in (given.get("anyOf") or given.get("allOf") or []) if part.get("type") != "null"]
    return resolved(schema, parts[0]) if len(parts) == 1 else given


def properties(schema: Schema, given: Schema, depth: int = 0) -> Iterator[Property]:
    """The values of an object, those of objects in it below them."""
    found = resolved(schema, given)
    if found.get("type") == "array":
        found = resolved(schema, found.get("items", {}))
    if depth >= DEEPEST:
        return
    for name, value in found.get("properties", {}).items():
        note = value.get("description") or resolved(schema, value).get("description", "")
        yield Property(name, kind(schema, value), name in found.get("required", []), marked(note), depth)
        yield from properties(schema, value, depth + 1)


def kind(schema: Schema, given: Schema) -> str:
    """The type in words: ``string (date-time)``, ``array of integer``, ``"a" | "b"``, ``string or null``."""
    if "$ref" in given:
        return kind(schema, resolved(schema, given))
    if "anyOf" in given:
        return " or ".join(dict.fromkeys(kind(schema, part) for part in given["anyOf"]))
    if "enum" in given:
        return " | ".join(f'"{value}"' for value in given["enum"])
    if "const" in given:
        return f'"{given["const"]}"'
    if given.get("type") == "array":
        return f"array of {kind(schema, given.get('items', {}))}"
    form = f" ({given['format']})" if "format" in given else ""
    return f"{given.get('type', 'any')}{form}"
