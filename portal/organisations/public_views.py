"""``/b/``: logos and colours of public pages. The address names the content, so browsers keep it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from portal.errors import NotFoundError
from portal.organisations.queries import logo_picture
from portal.ui.contrast import accent_css

READING = ("GET", "HEAD")
A_YEAR = "public, max-age=31536000, immutable"


def logo(request: HttpRequest, organisation: str, digest: str) -> HttpResponse:
    """The logo the organisation has now; an earlier one is gone, as is one of another organisation."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    picture = logo_picture(organisation, digest)
    if picture is None:
        raise NotFoundError
    return kept(HttpResponse(picture, content_type="image/png"))


def accent(request: HttpRequest, colour: str) -> HttpResponse:
    """The stylesheet of a colour: all it says follows from the address."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    return kept(HttpResponse(accent_css(f"#{colour}"), content_type="text/css; charset=utf-8"))


def kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = A_YEAR
    return response
