"""How an API is put together: one door, one shape of errors, a description that tells both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI, Router
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from portal.api.authentication import BearerToken
from portal.api.docs import DocsPage
from portal.api.doors import ENGINE_KINDS, HOST_KINDS, MEMBER_KINDS, capability_of, door
from portal.api.errors import MethodNotAllowedError
from portal.api.models import TokenKind
from portal.api.parsing import CarefulParser
from portal.api.problems import answer_problems, problem_response
from portal.errors import NotFoundError

VERSION = "1"
CLIENT_DESCRIPTION = _(
    "For the systems of a client company. A token belongs to one member of one organisation and carries "
    "scopes. Errors are RFC 9457 problems with a stable code. Lists take `limit` (up to 1000) and `cursor`. "
    "A POST may carry an `Idempotency-Key`, remembered for 24 hours. Times are RFC 3339 in UTC."
)
ENGINE_DESCRIPTION = _(
    "For the sending engine: which approved audiences there are, who is in them at this moment, and may I "
    "write to this person now? A test credential sees test audiences only, a live one live audiences only."
)
HOST_DESCRIPTION = _("For host operators: rates of organisations and feedback of mailbox providers. No contacts.")


class AccordAPI(NinjaAPI):
    """Ninja's API, with problems also for what ninja answers in plain text."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = with_problems(pattern.callback)
        # The last pattern of ninja's own is its root, which answers 404: ours does too, for all that is
        # unknown.
        return [*patterns[:-1], patterns[-1], re_path(r"", unknown_address)]

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        described(schema, scopes_by_operation(self))
        return schema


def with_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Ninja's view, its "Method not allowed" in plain text and its root's 404 put into problems."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "\x00" in request.path_info:  # no name or id has one, and the database could not even be asked
            return problem_response(NotFoundError())
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return problem_response(NotFoundError())
        if response.status_code != 405:
            return response
        problem = problem_response(MethodNotAllowedError())
        problem["Allow"] = response["Allow"]
        return problem

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie is ever looked at
    return answered


def unknown_address(request: HttpRequest, **_arguments: Any) -> HttpResponseBase:
    """404 as a problem for any address below an API that no operation has."""
    return problem_response(NotFoundError())


unknown_address.csrf_exempt = True  # type: ignore[attr-defined]


def described(schema: OpenAPISchema, scopes: dict[str, str]) -> None:
    """Add what the door does: the scope an operation needs, the problems it may answer, a POST's
    Idempotency-Key.
    """
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for operations in schema.get("paths", {}).values():
        for method, operation in operations.items():
            components["schemas"].update(definitions_in(operation))
            if scopes.get(operation.get("operationId", "")):
                operation["x-scope"] = scopes[operation["operationId"]]
            answers = operation.setdefault("responses", {})
            answers["default"] = {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_PARAMETER)


def definitions_in(operation: dict[str, Any]) -> dict[str, Any]:
    """What pydantic left beside the body that an operation describes itself, for all to refer to."""
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    return {name: found for body in bodies for name, found in body.get("schema", {}).get("$defs", {}).items()}


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: decide on this one."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key within 24 hours answers what the first request answered.",
}


def make_api(
    title: str,
    description: Any,
    namespace: str,
    kinds: frozenset[TokenKind],
    routers: Iterable[Router | str],
) -> AccordAPI:
    """One API: its routers (or their dotted paths) behind one door."""
    api = AccordAPI(
        title=title,
        version=VERSION,
        description=description,
        urls_namespace=namespace,
        auth=BearerToken(),
        docs=DocsPage(),
        parser=CarefulParser(),
    )
    answer_problems(api)
    api.add_decorator(door(kinds), mode="view")
    for router in routers:
        api.add_router("", import_string(router) if isinstance(router, str) else router)
    return api


def make_client_api(routers: Iterable[Router | str], namespace: str = "api") -> AccordAPI:
    return make_api("Accord", CLIENT_DESCRIPTION, namespace, MEMBER_KINDS, routers)


def make_engine_api(routers: Iterable[Router | str], namespace: str = "engine-api") -> AccordAPI:
    return make_api("Accord for the engine", ENGINE_DESCRIPTION, namespace, ENGINE_KINDS, routers)


def make_host_api(routers: Iterable[Router | str], namespace: str = "host-api") -> AccordAPI:
    return make_api("Accord for the host", HOST_DESCRIPTION, namespace, HOST_KINDS, routers)


def operations(api: NinjaAPI) -> list[tuple[str, Operation]]:
    """Every operation with its path below the API, for the tests that walk them and the docs page."""
    return [
        ("/".join(part.strip("/") for part in (bound.prefix, path) if part.strip("/")), operation)
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
    ]


def scopes_by_operation(api: NinjaAPI) -> dict[str, str]:
    """``operationId`` -> the scope it needs."""
    return {
        operation.operation_id or api.get_openapi_operation_id(operation): str(capability_of(operation) or "")
        for _path, operation in operations(api)
    }
