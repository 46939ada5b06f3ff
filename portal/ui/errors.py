"""What people see when something is refused or breaks: a plain page with the stable code."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.errors import DomainError


class DomainErrorMiddleware:
    """Turn a ``DomainError`` that leaves a page's view into an answer people can read.

    The API has its own handler (problem+json), which answers before the error gets here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return error_page(request, exception)


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as a page, or as an alert when htmx asked for a fragment."""
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    template = "portal/error_fragment.html" if fragment else "portal/error.html"
    context = {"error": error, "code": error.code, "status": error.status}
    return render(request, template, context, status=error.status)
