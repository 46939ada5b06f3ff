"""Errors as RFC 9457 problems: one shape for everything an API says no to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from portal.api.errors import (
    BadRequestError,
    InternalError,
    InvalidJsonError,
    PayloadTooLargeError,
    UnauthenticatedError,
)
from portal.disk import disk_is_full
from portal.errors import (
    DiskFullError,
    DomainError,
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from portal.organisations.links import absolute

MEDIA_TYPE = "application/problem+json"
DOCS_PATH = "/api/v1/docs"
SOURCES = {"body", "form", "file", "query", "path", "header", "cookie"}

log = structlog.get_logger(__name__)


def problem_response(error: DomainError) -> HttpResponse:
    """The answer to a refusal: its status, its stable code, a sentence, and what is wrong where."""
    document: dict[str, Any] = {
        "type": f"{absolute(DOCS_PATH)}#{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.detail),
        "code": error.code,
    }
    if error.errors:
        document["errors"] = [
            {"loc": list(problem.loc), "code": problem.code, "detail": str(problem.detail)} for problem in error.errors
        ]
    response = HttpResponse(json.dumps(document, ensure_ascii=False), content_type=MEDIA_TYPE, status=error.status)
    for name, value in getattr(error, "headers", {}).items():
        response[name] = value
    return response


def field_problems(errors: Sequence[dict[str, Any]]) -> list[FieldProblem]:
    """Pydantic's list as ours. The value itself stays out of the answer: it may be somebody's address."""
    return [FieldProblem(place(error["loc"]), str(error["type"]), str(error["msg"])) for error in errors]


def place(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """Where the value stands as the caller wrote it: without ninja's source and, for a body, its
    argument's name.
    """
    found = list(loc)
    source = found.pop(0) if found and found[0] in SOURCES else ""
    if source == "body" and found:
        found.pop(0)
    return tuple(found)


def as_domain_error(exception: Exception) -> DomainError:
    """The refusal that this exception means; anything unknown is an internal error, which says nothing
    of itself.
    """
    if disk_is_full(exception):
        return DiskFullError()
    match exception:
        case DomainError():
            return exception
        case OperationalError() | InterfaceError():
            return UnavailableError()
        case ValidationError():
            return InvalidInputError(errors=field_problems(exception.errors))
        case Http404():
            return NotFoundError()
        case PermissionDenied():
            return PermissionDeniedError()
        case RequestDataTooBig():
            return PayloadTooLargeError()
        case UnreadablePostError() | UnicodeDecodeError() | MultiPartParserError() | SuspiciousOperation():
            return BadRequestError()
        case HttpError(status_code=401):
            return UnauthenticatedError()
        case HttpError(status_code=400, __cause__=DomainError() as cause):
            return cause  # from the parser, which ninja wraps
        case HttpError(status_code=400, message=message):
            return InvalidJsonError() if "parse" in message else BadRequestError(message)
    return InternalError()


def answer_exception(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What every API answers when an operation raises."""
    error = as_domain_error(exception)
    if error.status >= 500:
        # The route, not the path: an address may hold a person's e-mail as a query.
        route = request.resolver_match.route if request.resolver_match else ""
        log.error("api.failed", code=error.code, route=route, exc_info=exception)
    return problem_response(error)


def answer_problems(api: NinjaAPI) -> None:
    """Make this API answer problems for everything."""
    for kind in (Exception, Http404, HttpError, ValidationError):
        api.exception_handler(kind)(answer_exception)
