"""Public pages take a short way: no session, no sign-in, no messages, no cookie, no CSRF token.

The token in the address is all there is. This middleware stands before those others and calls the view itself, so an
unsubscribe costs its one statement and little else, and nothing a visitor does here can depend on who is signed in.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import get_resolver
from django.utils import translation

from portal.api.errors import RateLimitedError
from portal.api.problems import as_domain_error
from portal.errors import DomainError

# A token must not leave with a link or stay in a cache, and no search engine may list such a page.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}

log = structlog.get_logger(__name__)


class PublicDoorsMiddleware:
    """Answer addresses below ``PUBLIC_PREFIXES`` from ``PUBLIC_URLCONF``; pass everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.prefixes = tuple(settings.PUBLIC_PREFIXES)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not f"{request.path_info}/".startswith(self.prefixes):  # `/v` is one, too
            return self.get_response(request)
        try:
            response = called(request)
        except Exception as exception:
            response = refused(request, exception)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def called(request: HttpRequest) -> HttpResponseBase:
    """The view's answer; raises ``Http404`` for an address no public page has."""
    match = get_resolver(settings.PUBLIC_URLCONF).resolve(request.path_info)
    request.resolver_match = match
    return match.func(request, *match.args, **match.kwargs)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that says what is wrong with the request; or that the fault is ours, which the log then has."""
    error = as_domain_error(exception)
    if error.status < 500:
        return public_error(request, error)
    log.error("public_door_failed", route=getattr(request.resolver_match, "route", ""), exc_info=exception)
    return failed(request)


def public_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """What is wrong and what to do, in the language the visitor's browser asks for."""
    with translation.override(translation.get_language_from_request(request)):
        page = render_to_string("public_error.html", {"error": error})
    response = HttpResponse(page, status=error.status)
    if isinstance(error, RateLimitedError):
        for name, value in error.headers.items():
            response[name] = value
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Our own fault: said without anything that could break again, and with a status that asks to come back."""
    with translation.override(translation.get_language_from_request(request)):
        text = translation.gettext("Something broke on our side. Nothing was changed. Please try again.")
    return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")
