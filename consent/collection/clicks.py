"""The page behind the link in the message: GET asks, POST confirms, scanners change nothing (W-05)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation
from django_scopes import scope

from consent.collection.confirming import Click, answer_of, confirm_by_link, is_open, sign_up_of
from consent.collection.documents import words_of
from consent.collection.errors import InvalidConfirmationError
from consent.collection.models import CollectionPoint, PointKind, SignUp
from consent.collection.signing_up import chosen_lines
from consent.collection.tokens import read_signed, signed
from consent.collection.visits import READING, page
from consent.preferences.views import body_of
from portal.api.rates import FAILURE_RATE, limit
from portal.organisations.client_address import client_address


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


def form_url(point: CollectionPoint) -> str:
    """Where to sign up again; empty for a paper, a call or a client's system, which have no page."""
    return f"/s/{point.organisation.slug}/{point.key}" if point.kind == PointKind.FORM else ""


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
        "form_url": form_url(sign_up.point),
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
