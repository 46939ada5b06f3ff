"""The door before every operation: who calls, how often, with which scope, in whose data.

It is laid around ninja's own ``run`` of an operation, so that reading the input, the work and writing the
answer all happen inside the organisation's scope. An operation that declares nothing lets nobody in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, Protocol, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_scopes import scope
from ninja.operation import Operation

from portal.api.authentication import ENGINE_KINDS, Caller, authenticated
from portal.api.errors import InsufficientScopeError, LengthRequiredError, PayloadTooLargeError, UnauthenticatedError
from portal.api.idempotency import once
from portal.api.models import TokenKind
from portal.api.problems import answer_exception
from portal.api.rates import ENGINE_RATE, FAILURE_RATE, MEMBER_RATE, Allowance, limit
from portal.organisations.client_address import client_address
from portal.organisations.roles import Capability
from portal.uploads import announced_too_large

View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., HttpResponseBase]

MEMBER_KINDS = frozenset({TokenKind.MEMBER})
HOST_KINDS = frozenset({TokenKind.HOST})


class RunDecorator(Protocol):
    def __call__(self, run: Run) -> Run: ...


def requires(capability: Capability) -> Callable[[View], View]:
    """Declare the scope an operation of ``/api/v1/`` needs; above or below ``@router.get`` alike."""

    def declare(view: View) -> View:
        view.capability = capability  # type: ignore[attr-defined]
        return view

    return declare


def capability_of(operation: Operation) -> Capability | None:
    """The scope an operation declares, for the door, the OpenAPI description and the permission table's
    test.
    """
    return getattr(operation.view_func, "capability", None)


def operation_of(run: Run) -> Operation:
    operation = getattr(inspect.unwrap(run), "__self__", None)
    if not isinstance(operation, Operation):
        raise TypeError("The door must be the first decorator around an operation.")
    return operation


def door(kinds: frozenset[TokenKind]) -> RunDecorator:
    """The decorator for one API, open to tokens of these kinds."""

    def around(run: Run) -> Run:
        operation = operation_of(run)

        @wraps(run)
        def entered(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            try:
                check_size(request)
                caller = known_caller(request, kinds)
                allowance = limit(f"api:{caller.token.pk}", ENGINE_RATE if caller.engine else MEMBER_RATE)
                introduce(request, caller, operation)
                with scope_of(caller):
                    response = once(request, caller, lambda: run(request, **arguments))
            except Exception as exception:
                return answer_exception(request, exception)
            return with_headers(response, allowance)

        return entered

    return around


def check_size(request: HttpRequest) -> None:
    """Refuse an upload above the limit by its announced length, before a byte of it is read."""
    if not request.headers.get("Content-Length") and "Transfer-Encoding" in request.headers:
        raise LengthRequiredError
    if announced_too_large(request):
        raise PayloadTooLargeError


def known_caller(request: HttpRequest, kinds: frozenset[TokenKind]) -> Caller:
    """Who calls; failures are counted by address, and too many of them are told to wait."""
    try:
        return authenticated(request, kinds)
    except UnauthenticatedError:
        limit(f"api-failure:{client_address(request)}", FAILURE_RATE)
        raise


def introduce(request: HttpRequest, caller: Caller, operation: Operation) -> None:
    """Put the caller on the request; ``insufficient_scope`` when a member's token lacks what is declared."""
    found: Any = request
    found.caller, found.actor, found.engine = caller, caller.actor, caller.engine
    if caller.organisation is None:
        return
    found.organisation = caller.organisation
    capability = capability_of(operation)
    if capability is None or not caller.actor.may(capability):
        raise InsufficientScopeError(capability.value if capability else "")


def scope_of(caller: Caller) -> AbstractContextManager[Any]:
    return scope(organisation=caller.organisation) if caller.organisation else nullcontext()


def with_headers(response: HttpResponseBase, allowance: Allowance | None) -> HttpResponseBase:
    """Answers hold personal data: no cache may keep them. The caller learns what is left of its rate."""
    response.headers.setdefault("Cache-Control", "no-store")
    if allowance is not None:
        for name, value in allowance.headers.items():
            response.headers.setdefault(name, value)
    return response


__all__ = ["ENGINE_KINDS", "HOST_KINDS", "MEMBER_KINDS", "capability_of", "door", "requires"]
