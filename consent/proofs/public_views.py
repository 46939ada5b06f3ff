"""``/v``: anybody checks a proof here, in their own browser; the file never leaves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from consent.proofs import verify_proof
from consent.proofs.keys import published_keys

READING = ("GET", "HEAD")
SCRIPT = Path(verify_proof.__file__)
SCRIPT_NAME = "verify_proof.py"
# Stricter than elsewhere: the page could not send the file anywhere even if it wanted to.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
View = Callable[..., HttpResponse]


def reading_only(view: View) -> View:
    @wraps(view)
    def read(request: HttpRequest, **arguments: Any) -> HttpResponse:
        return view(request, **arguments) if request.method in READING else HttpResponseNotAllowed(READING)

    return read


@reading_only
def check(request: HttpRequest) -> HttpResponse:
    """The page, in the language asked for in the address, else the browser's."""
    wanted = request.GET.get("language", "")
    offered = dict(settings.LANGUAGES)
    language = wanted if wanted in offered else translation.get_language_from_request(request)
    with translation.override(language):
        values = {
            "words": words(language),
            "languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
            "base_url": settings.ACCORD.base_url,
        }
        response = HttpResponse(render_to_string("consent/public/check.html", values))
    response["Content-Security-Policy"] = POLICY
    response["Vary"] = "Accept-Language"
    return response


@reading_only
def script(request: HttpRequest) -> HttpResponse:
    """``verify_proof.py``, as it lies in every bundle."""
    response = HttpResponse(script_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{SCRIPT_NAME}"'
    return response


@reading_only
def keys(request: HttpRequest, organisation: str) -> HttpResponse:
    """The public keys an organisation has signed with: what ``verify_proof.py --keys`` takes."""
    return JsonResponse(published_keys(organisation), json_dumps_params={"indent": 2})


@cache
def script_bytes() -> bytes:
    return SCRIPT.read_bytes()


def words(language: str) -> dict[str, Any]:
    """What the page's script says: the sentences of ``verify_proof.py``, and a few of its own."""
    spoken = language if language in verify_proof.SENTENCES else "en"
    own = {
        "not_secure": _("This page was not opened over https, and browsers check nothing then. Open it over https."),
    }
    labels = {
        "not_valid": _("Not valid"),
        "file": _("File:"),
        "code": _("Code:"),
        "checking": _("Checking…"),
    }
    return {
        "sentences": {**verify_proof.SENTENCES[spoken], **own},
        "labels": {**verify_proof.LABELS[spoken], **labels},
        "actions": verify_proof.ACTIONS[spoken],
        "channels": verify_proof.CHANNELS[spoken],
    }
