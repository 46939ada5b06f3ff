"""What other sites use: the JSON door, the challenge, the form to insert, our script and the colour."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django_scopes import scope

from consent.collection.errors import ProofOfWorkRequiredError, StaleFormError, WrongOriginError
from consent.collection.models import CollectionPoint
from consent.collection.proof_of_work import new_challenge
from consent.collection.queries import public_point, published_point, version_of
from consent.collection.submissions import HONEYPOT, Submission, from_json, read_submission
from consent.collection.taking import VISITOR_RATE, require_current, taken
from consent.collection.visits import READING, Form, languages_of
from consent.notices.frozen_files import with_host
from consent.preferences.views import body_of
from portal.api.errors import InvalidJsonError, PayloadTooLargeError
from portal.api.problems import as_domain_error, problem_response
from portal.api.rates import limit
from portal.errors import DomainError, InvalidInputError
from portal.organisations.client_address import client_address
from portal.ui.contrast import accent_css

SCRIPT = Path(__file__).resolve().parents[2] / "static" / "public" / "sign-up.js"


def allowed_origin(request: HttpRequest, point: CollectionPoint) -> str:
    """The site that calls, empty when none does; ``wrong_origin`` for one that may not."""
    origin = request.headers.get("Origin", "").lower()
    ours = {settings.ACCORD.base_url.lower(), f"{request.scheme}://{request.get_host()}".lower()}
    if origin and origin not in ours and origin not in point.origins:
        raise WrongOriginError
    return origin


def with_cors(response: HttpResponse, origin: str) -> HttpResponse:
    response["Vary"] = "Origin"
    if origin:
        response["Access-Control-Allow-Origin"] = origin
    return response


def preflight(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    try:
        origin = allowed_origin(request, public_point(organisation, key))
    except DomainError as error:
        return problem_response(error)
    response = with_cors(HttpResponse(status=204), origin)
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    response["Access-Control-Max-Age"] = "86400"
    return response


def json_door(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """A site's own form: 202 whatever we know of the address, or a problem (RFC 9457) with its code."""
    origin = ""
    language = next((code for code in languages_of(request) if code in dict(settings.LANGUAGES)), "en")
    with translation.override(language):
        try:
            point = public_point(organisation, key)
            origin = allowed_origin(request, point)
            limit(f"sign-up:{client_address(request)}", VISITOR_RATE)
            return with_cors(accepted(request, point, json_body(request)), origin)
        except Exception as exception:
            error = as_domain_error(exception)
            if error.status >= 500:
                raise
            return with_cors(problem_response(error), origin)


def json_body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(body_of(request))
    except PayloadTooLargeError:
        raise
    except (ValueError, RecursionError):
        raise InvalidJsonError from None
    if not isinstance(body, dict):
        raise InvalidJsonError
    return body


def accepted(request: HttpRequest, point: CollectionPoint, body: dict[str, Any]) -> HttpResponse:
    sent = from_json(body)
    form = Form(request, point, timezone.now(), sent.text("language"))
    if not sent.text(HONEYPOT):
        note = require_named(form, sent)
        read, problems = read_submission(point.organisation, form.document, form.words, sent)
        if read is None:
            raise InvalidInputError(errors=problems)
        if not sent.text("altcha"):
            raise ProofOfWorkRequiredError
        facts = {"door": "json", "origin": request.headers.get("Origin", "")}
        if sent.text("page"):
            facts["url"] = sent.text("page")[:500]
        taken(form, read, note, sent, facts)
    with translation.override(form.language):
        text = render_to_string("consent/public/sent_text.txt", {"words": form.words, "document": form.document})
    body_out = {"state": "accepted", "message": " ".join(text.split())}
    return HttpResponse(json.dumps(body_out), content_type="application/json", status=202)


def require_named(form: Form, sent: Submission) -> dict[str, Any]:
    """Which form the site has shown: by the note that came with the challenge, or by the number of its version."""
    number = sent.text("form_version")
    if number and number != str(form.version.number):
        raise StaleFormError
    if sent.text("token") or not number:
        if not sent.text("token") and not sent.text("altcha"):
            raise ProofOfWorkRequiredError
        return require_current(form, sent.text("token"))
    return {}


def challenge(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """``GET /s/…/challenge``: an altcha challenge, and the note that says which form is shown now."""
    return for_sites(request, organisation, key, "challenge")


def fragment(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """``GET /s/…/fragment``: the form itself, for our script to put into another page."""
    return for_sites(request, organisation, key, "fragment")


def for_sites(request: HttpRequest, organisation: str, key: str, what: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return preflight(request, organisation, key)
    if request.method not in READING:
        return HttpResponseNotAllowed([*READING, "OPTIONS"])
    origin = ""
    try:
        point = public_point(organisation, key)
        origin = allowed_origin(request, point)
        form = Form(request, point, timezone.now())
    except DomainError as error:
        return with_cors(problem_response(error), origin)
    if what == "challenge":
        said = {
            **new_challenge(point.pk, form.now),
            "token": form.token,
            "form_version": form.version.number,
            "language": form.language,
            "form": form.words,
        }
        return with_cors(HttpResponse(json.dumps(said), content_type="application/json"), origin)
    with translation.override(form.language):
        html = render_to_string("consent/public/form_body.html", {**form.context(), "embedded": True})
    return with_cors(HttpResponse(with_host(html)), origin)


@cache
def script() -> str:
    return SCRIPT.read_text()


def embed(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """``GET /s/…/embed.js``: our one script; it finds out from its own address which form it is for."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    public_point(organisation, key)
    response = HttpResponse(script(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def style(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """``GET /s/…/style.css``: the client's colour, where the device is light; dark ones keep ours."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    point = published_point(organisation, key)
    with scope(organisation=point.organisation):
        version = version_of(point, point.number)
    accent = version.document["config"]["accent"] if version else ""
    accent = accent or point.organisation.accent
    return HttpResponse(accent_css(accent), content_type="text/css; charset=utf-8")
