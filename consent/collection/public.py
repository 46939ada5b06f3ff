"""The sign-up form at its own address: no session, no cookie, no script needed. A GET changes nothing (W-05)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation

from consent.collection.errors import (
    FormClosedError,
    ProofOfWorkRequiredError,
    StaleFormError,
    WaitLongerError,
)
from consent.collection.models import CollectionPoint
from consent.collection.proof_of_work import new_ticket
from consent.collection.queries import public_point
from consent.collection.sites import json_door, preflight
from consent.collection.submissions import HONEYPOT, Submission, from_form, read_submission
from consent.collection.taking import VISITOR_RATE, require_current, taken
from consent.collection.visits import READING, Form, page
from consent.ledger.errors import BeforeNoticeError
from consent.preferences.views import body_of
from consent.purposes.errors import UnknownPurposeError
from portal.api.errors import RateLimitedError
from portal.api.rates import limit
from portal.errors import DomainError, InvalidInputError
from portal.organisations.client_address import client_address


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
    if comes_from_elsewhere(request):
        sent.given.pop("token", None)
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


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Whether a page of another site sent this, as browsers tell: its reader has not seen our form."""
    return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")


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


def thanks(form: Form) -> HttpResponse:
    """The same page for everybody: it tells nobody whether an address is known."""
    context = {"organisation": form.point.organisation, "words": form.words, "document": form.document}
    return page("sent", form.point, form.language, context)


def told(request: HttpRequest, point: CollectionPoint, error: DomainError) -> HttpResponse:
    language = translation.get_language_from_request(request)
    return page("form_closed", point, language, {"organisation": point.organisation, "error": error}, error.status)
