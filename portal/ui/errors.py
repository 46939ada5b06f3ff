"""What people see when something is refused or breaks: a plain page with the stable code."""

import sys
from collections.abc import Callable

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext_lazy as _

from portal.disk import disk_is_full
from portal.errors import DiskFullError, DomainError, UnavailableError
from portal.uploads import announced_too_large

log = structlog.get_logger(__name__)


class CsrfError(DomainError):
    """The form's token is missing or old: usually a page left open over night."""

    code = "form_expired"
    status = 403
    title = _("This form is too old. Go back, reload the page and send it again.")


class UploadLimitMiddleware:
    """Answer an upload above the limit before anything reads it: the check of a form's token already would.

    The API's own door does the same, with a problem.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if announced_too_large(request) and not request.path_info.startswith("/api/"):
            return _plain(request, 413)
        return self.get_response(request)


class DomainErrorMiddleware:
    """Turn a ``DomainError`` that leaves a page's view into an answer people can read.

    The API has its own handler (problem+json), which answers before the error gets here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return error_page(request, exception)
        if disk_is_full(exception):
            log.error("page.disk_full", exc_info=exception)
            return error_page(request, DiskFullError())
        return None


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as a page, or as an alert when htmx asked for a fragment."""
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    template = "portal/error_fragment.html" if fragment else "portal/error.html"
    context = {"error": error, "code": error.code, "status": error.status}
    return render(request, template, context, status=error.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's ``CSRF_FAILURE_VIEW``; the reason goes to Django's log, not to the page."""
    return error_page(request, CsrfError())


def _plain(request: HttpRequest, status: int) -> HttpResponse:
    """A page that needs no database and no session, so that it works when they don't."""
    return render(request, f"{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """What Django calls for an exception that nobody took, be it of a middleware that reads an upload."""
    error = sys.exc_info()[1]
    if disk_is_full(error):
        return _plain(request, DiskFullError.status)
    if isinstance(error, OperationalError | InterfaceError):
        response = _plain(request, UnavailableError.status)
        response["Retry-After"] = UnavailableError.headers["Retry-After"]
        return response
    return HttpResponse(loader.render_to_string("500.html"), status=500)
