"""The pages where people sign up and confirm: no session, no cookie, no script needed. A GET changes nothing (W-05)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django_scopes import scope

from consent.collection.actions import current_version
from consent.collection.answers import Answer, said_in_short
from consent.collection.confirming import Click, answer_of, confirm_by_link, is_open, sign_up_of
from consent.collection.documents import Document, spoken, words_of
from consent.collection.errors import (
    BeforeNoticeError,
    FormClosedError,
    InvalidConfirmationError,
    ProofOfWorkRequiredError,
    StaleFormError,
    WaitLongerError,
    WrongOriginError,
)
from consent.collection.linting import ink_on
from consent.collection.models import CollectionPoint, FormVersion, SignUp
from consent.collection.proof_of_work import new_challenge, new_ticket, require_patience, require_work
from consent.collection.queries import notice_html, public_point, version_of
from consent.collection.recording import form_actor
from consent.collection.signing_up import chosen_lines, sign_up
from consent.collection.submissions import HONEYPOT, Read, Submission, from_form, from_json, read_submission
from consent.collection.tokens import read_signed, signed
from consent.preferences.views import body_of
from consent.purposes.errors import UnknownPurposeError
from portal.api.errors import InvalidJsonError, PayloadTooLargeError, RateLimitedError
from portal.api.problems import as_domain_error, problem_response
from portal.api.rates import FAILURE_RATE, Rate, limit
from portal.errors import DomainError, FieldProblem, InvalidInputError
from portal.organisations.client_address import client_address

READING = ("GET", "HEAD")
TOKEN_VALID = timedelta(hours=24)
VISITOR_RATE = Rate(30, 300)
SCRIPT = Path(__file__).resolve().parents[2] / "static" / "public" / "sign-up.js"


class Form:
    """A live form as one visitor meets it: its version, the language, and what to tell them."""

    def __init__(self, request: HttpRequest, point: CollectionPoint, now: datetime, language: str = "") -> None:
        self.request = request
        self.point = point
        self.now = now
        with scope(organisation=point.organisation):
            self.version: FormVersion = current_version(point, now)
        self.document: Document = self.version.document
        self.language = spoken(self.document, [language, *languages_of(request), point.organisation.locale])
        self.words: Document = words_of(self.document, self.language)

    @property
    def token(self) -> str:
        """Says later which form was shown, and when."""
        said = {"p": self.point.pk, "v": self.version.number, "l": self.language, "t": int(self.now.timestamp())}
        return signed("form", said)

    def context(self, sent: Submission | None = None, problems: Sequence[FieldProblem] = ()) -> dict[str, Any]:
        """What the templates draw; choices are kept only where they were made on this very form."""
        sent = sent or Submission()
        with scope(organisation=self.point.organisation):
            html = notice_html(self.point, self.words["notice"]["version"])
        wrong = {str(problem.loc[0]): problem.detail for problem in problems if problem.loc}
        return {
            "organisation": self.point.organisation,
            "fields": [
                {**asked, "value": sent.text(asked["name"]), "wrong": wrong.get(asked["name"])}
                for asked in self.words["fields"]
            ],
            "point": self.point,
            "words": self.words,
            "language": self.language,
            "other_languages": [
                (code, translation.get_language_info(code)["name_local"].capitalize())
                for code in self.document["languages"]
                if code != self.language
            ],
            # Cleaned when it was published, and shown as its digest names it.
            "notice_html": mark_safe(html),  # noqa: S308
            "token": self.token,
            "challenge": json.dumps(new_challenge(self.point.pk, self.now)),
            "sent": sent,
            "given": sent.given,
            "problems": problems,
            "wrong": wrong,
            "honeypot": HONEYPOT,
            "notice_url": notice_url(self.point, self.words, self.language),
            "version": self.version,
        }


def notice_url(point: CollectionPoint, words: Document, language: str) -> str:
    """The page of the notice, in this version and language."""
    notice = words["notice"]
    return f"/n/{point.organisation.slug}/{notice['notice']}?version={notice['number']}&lang={language}"


def languages_of(request: HttpRequest) -> list[str]:
    """The languages a visitor asks for: in the address, then their browser's."""
    accepted = request.headers.get("Accept-Language", "")
    found = [request.GET.get("lang", "")] + [part.split(";")[0].strip().lower() for part in accepted.split(",")]
    return [code for wanted in found for code in (wanted, wanted.split("-")[0]) if code]


def hosted_form(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """``/s/{organisation}/{point}``: the page, what it sends, and what other sites send as JSON."""
    if request.method == "OPTIONS":
        return preflight(request, organisation, key)
    if request.method == "POST" and (request.content_type or "") == "application/json":
        return json_door(request, organisation, key)
    if request.method not in (*READING, "POST"):
        return HttpResponseNotAllowed([*READING, "POST", "OPTIONS"])
    point = public_point(organisation, key)
    try:
        return posted(request, point) if request.method == "POST" else shown(request, point)
    except FormClosedError as error:
        return told(request, point, error)
    except RateLimitedError as error:
        answer = told(request, point, error)
        for name, value in error.headers.items():
            answer[name] = value
        return answer


def shown(request: HttpRequest, point: CollectionPoint) -> HttpResponse:
    form = Form(request, point, timezone.now())
    return page("form", form.point, form.language, form.context())


def posted(request: HttpRequest, point: CollectionPoint) -> HttpResponse:
    """What a visitor sent with the page; whatever is missing, the page comes again with what they wrote."""
    body_of(request)
    limit(f"sign-up:{client_address(request)}", VISITOR_RATE)
    form = Form(request, point, timezone.now(), request.POST.get("lang", ""))
    sent = from_form(request.POST, form.words)
    if sent.text(HONEYPOT):
        return thanks(form)
    with translation.override(form.language):
        try:
            note = require_current(form, sent.text("token"))
            read, problems = read_submission(point.organisation, form.document, form.words, sent)
            if read is None:
                return again(form, sent, InvalidInputError(errors=problems))
            taken(form, read, note, sent, {"door": "page"})
        except (
            StaleFormError,
            ProofOfWorkRequiredError,
            WaitLongerError,
            UnknownPurposeError,
            BeforeNoticeError,
        ) as error:
            return again(form, sent, error)
        except DomainError as error:
            if error.status in (409, 422):
                return again(form, sent, error)
            raise
    return thanks(form)


def require_current(form: Form, token: str) -> dict[str, Any]:
    """What the page said of itself; ``stale_form`` when the form has changed since, or the page is a day old.

    A page without such a note is one that somebody pasted into a site of theirs: its reader sees ours first.
    """
    note = read_signed("form", token)
    if note is None or note["p"] != form.point.pk or note["v"] != form.version.number:
        raise StaleFormError
    if form.now.timestamp() - note["t"] > TOKEN_VALID.total_seconds():
        raise StaleFormError
    if note["l"] in form.document["languages"]:
        form.language, form.words = note["l"], words_of(form.document, note["l"])
    return note


def again(form: Form, sent: Submission, error: DomainError) -> HttpResponse:
    """The form once more, with what was written and what to do. Choices made on another form are not kept (C-02)."""
    first_time = isinstance(error, StaleFormError) and not sent.text("token")
    if isinstance(error, StaleFormError | UnknownPurposeError):
        sent.yes, sent.no = [], []
    context = form.context(sent, error.errors)
    if isinstance(error, ProofOfWorkRequiredError):
        context["ticket"] = new_ticket(form.point.pk, form.now)
    elif isinstance(error, WaitLongerError):
        context["ticket"] = sent.text("ticket")
    context |= {"error": error, "first_time": first_time, "one_more_step": "ticket" in context}
    status = 422 if first_time else error.status
    return page("form", form.point, form.language, context, status=status)


def taken(form: Form, read: Read, note: dict[str, Any], sent: Submission, facts: dict[str, Any]) -> None:
    """Once no robot has sent it: into the ledger, or to the mailbox it names."""
    request, point = form.request, form.point
    served = datetime.fromtimestamp(note["t"], tz=form.now.tzinfo).isoformat() if "t" in note else ""
    answer = Answer(
        email=read.email,
        phone=read.phone,
        values=read.values,
        yes=read.yes,
        no=read.no,
        language=form.language,
        submitted_at=form.now.isoformat(),
        served_at=served,
        parent=read.parent,
        facts={
            "url": (request.headers.get("Referer") or request.build_absolute_uri())[:500],
            "ip": client_address(request) or "",
            "user_agent": request.headers.get("User-Agent", "")[:500],
            "age": {"over": f"{form.document['age_limit']} or older, as declared", "under": "under the limit"}.get(
                read.age, ""
            ),
            **facts,
        },
    )
    said = said_in_short(answer)
    if sent.text("altcha"):
        counts = require_work(point.pk, sent.text("altcha"), said, form.now)
    else:
        visitor = str(client_address(request))
        counts = require_patience(point.pk, sent.text("ticket"), said, visitor, form.now)
    if counts:
        with scope(organisation=point.organisation):
            sign_up(actor=form_actor(point), point=point, version=form.version, answer=answer, now=form.now)


def thanks(form: Form) -> HttpResponse:
    """The same page for everybody: it tells nobody whether an address is known."""
    context = {"organisation": form.point.organisation, "words": form.words, "document": form.document}
    return page("sent", form.point, form.language, context)


def told(request: HttpRequest, point: CollectionPoint, error: DomainError) -> HttpResponse:
    language = translation.get_language_from_request(request)
    return page("form_closed", point, language, {"organisation": point.organisation, "error": error}, error.status)


def page(name: str, point: CollectionPoint, language: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """In the visitor's language and without the request: nothing of a session gets into it."""
    context["style_url"] = style_url(point)
    with translation.override(language), timezone.override(point.organisation.zone):
        response = HttpResponse(render_to_string(f"consent/public/{name}.html", context), status=status)
    if point.origins:
        allowed = " ".join(["'self'", *point.origins])
        response["Content-Security-Policy"] = (
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
            f"frame-ancestors {allowed}"
        )
    response["Content-Language"] = language
    return response


def style_url(point: CollectionPoint) -> str:
    if not point.accent:
        return ""
    return f"{reverse('public_form_style', args=[point.organisation.slug, point.key])}?v={point.number}"


# What other sites use


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
    return with_cors(HttpResponse(html), origin)


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
    point = public_point(organisation, key)
    with scope(organisation=point.organisation):
        version = version_of(point, point.number)
    accent = version.document["config"]["accent"] if version else ""
    return HttpResponse(accent_css(accent), content_type="text/css; charset=utf-8")


def accent_css(accent: str) -> str:
    if not accent:
        return ""
    ink = ink_on(accent)
    return f"@media (prefers-color-scheme: light) {{ :root {{ --accent: {accent}; --accent-ink: {ink}; }} }}\n"


# The confirming click


def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """``/c/{token}``: GET shows what will be confirmed and a button; POST confirms. Scanners change nothing (W-05)."""
    if request.method not in (*READING, "POST"):
        return HttpResponseNotAllowed([*READING, "POST"])
    now = timezone.now()
    try:
        if request.method == "POST":
            body_of(request)
            sign_up = confirm_by_link(token, click_of(request, now))
        else:
            sign_up = sign_up_of(token)
    except InvalidConfirmationError:
        limit(f"public-failure:{client_address(request)}", FAILURE_RATE)
        raise
    return confirmation_page(sign_up, now, clicked=request.method == "POST")


def click_of(request: HttpRequest, now: datetime) -> Click:
    note = read_signed("click", request.POST.get("page", "")) or {}
    opened = datetime.fromtimestamp(note["t"], tz=now.tzinfo).isoformat() if "t" in note else ""
    return Click(ip=client_address(request), user_agent=request.headers.get("User-Agent", ""), opened_at=opened, at=now)


def confirmation_page(sign_up: SignUp, now: datetime, *, clicked: bool) -> HttpResponse:
    with scope(organisation=sign_up.point.organisation):
        answer = answer_of(sign_up)
    context = {
        "organisation": sign_up.point.organisation,
        "sign_up": sign_up,
        "words": words_of(sign_up.version.document, sign_up.language),
        "address": answer.email if answer else "",
        "child": answer.facts.get("child", "") if answer else "",
        "limit": sign_up.version.document["age_limit"],
        "choices": [],
        "note": signed("click", {"t": int(now.timestamp())}),
        "form_url": f"/s/{sign_up.point.organisation.slug}/{sign_up.point.key}",
    }
    with translation.override(sign_up.language):
        context["choices"] = chosen_lines(sign_up.version, answer) if answer else []
    name = "confirm"
    if sign_up.state == "recorded":
        name = "confirmed"
    elif sign_up.answered_at is not None:
        name = "half_confirmed"
    elif not is_open(sign_up, now):
        name = "confirm_expired"
    return page(name, sign_up.point, sign_up.language, context)
