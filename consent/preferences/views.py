"""Pages behind the links in messages. GET and HEAD ask and change nothing (W-05): mail scanners follow links."""

from __future__ import annotations

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import timezone, translation

from consent.ledger.models import EventSource
from consent.links import LinkError, LinkKind, LinkTarget, read_token
from consent.preferences import actions
from consent.preferences.actions import Visit
from consent.preferences.one_click import DONE, LARGEST_BODY, is_one_click
from consent.preferences.queries import Option, Reader, options_of, reader_of
from portal.api.errors import PayloadTooLargeError
from portal.api.rates import FAILURE_RATE, limit
from portal.organisations.client_address import client_address

READING = ("GET", "HEAD")
ALLOWED = [*READING, "POST"]


def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """``GET /u/{token}`` asks; ``POST`` withdraws, by RFC 8058 or from the page's own button."""
    target = target_of(request, token)
    if request.method in READING:
        return page("unsubscribe", reader_of(target), token)
    if request.method != "POST":
        return HttpResponseNotAllowed(ALLOWED)
    if is_one_click(request.content_type or "", body_of(request)):
        actions.stop_one(target=target, visit=visit_of(request, actions.ONE_CLICK), source=EventSource.ONE_CLICK)
        return HttpResponse(DONE, content_type="text/plain; charset=utf-8")
    reader = reader_of(target)
    visit = visit_of(request, "unsubscribe")
    with translation.override(reader.language):
        actions.stop_one(target=target, visit=visit, source=EventSource.LINK)
    others = [option for option in options_of(target, now=visit.at) if option.on]
    return page("stopped", reader, token, others=others)


def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """``/p/{token}``: every purpose with a switch for each channel, and one button that stops everything."""
    target = target_of(request, token)
    reader = reader_of(target)
    if request.method not in ALLOWED:
        return HttpResponseNotAllowed(ALLOWED)
    saved = ""
    if request.method == "POST":
        body_of(request)
        with translation.override(reader.language):
            saved = chosen_by(request, target)
    options = options_of(target, now=timezone.now())
    with translation.override(reader.language):
        shown = [mark_of(option.key, wording(option)) for option in options]
    return page("preferences", reader, token, purposes=by_purpose(options), shown=shown, saved=saved)


def chosen_by(request: HttpRequest, target: LinkTarget) -> str:
    """Carry out what the form asks; a word for the page to say so."""
    visit = visit_of(request, "preferences")
    if "stop" in request.POST:
        actions.stop_everything(target=target, visit=visit)
        return "stopped"
    options = options_of(target, now=visit.at)
    wordings = {option.key: wording(option) for option in options}
    chosen = set(request.POST.getlist("choice"))
    renewed = set(request.POST.getlist("renewed"))
    unread = unread_words(request, wordings)
    asked_anew = {
        option.key for option in options if option.key in unread & chosen and not option.on
    } | unread & renewed
    chosen -= {option.key for option in options if option.key in asked_anew and not option.on}
    renewed -= asked_anew
    turned = actions.save_choices(
        target=target, visit=visit, options=options, chosen=chosen, renewed=renewed, wordings=wordings
    )
    if unread:
        return "reworded"
    return "saved" if turned else "same"


def unread_words(request: HttpRequest, wordings: dict[str, str]) -> set[str]:
    """The switches whose words are others than when the page was opened: nobody agrees to what they have not read.

    The page says which words it showed; a program that sends none of these marks is taken to know them.
    """
    shown = set(request.POST.getlist("shown"))
    return {key for key, words in wordings.items() if shown and mark_of(key, words) not in shown}


def mark_of(key: str, words: str) -> str:
    return f"{key}.{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def why(request: HttpRequest, token: str) -> HttpResponse:
    """``GET /w/{token}``: where the address comes from, since when, on what basis; and the way out."""
    target = target_of(request, token)
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    return page("why", reader_of(target), token)


# Shared by the pages above


def target_of(request: HttpRequest, token: str) -> LinkTarget:
    """Whom the link is about, found before any query; an address that keeps trying false ones is told to wait.

    A true link is never limited: a mailbox provider sends the one-click POSTs of millions from a few addresses.
    """
    try:
        target = read_token(token)
        if target.kind != LinkKind.CHOICE:
            raise LinkError
    except LinkError:
        limit(f"public-failure:{client_address(request)}", FAILURE_RATE)
        raise
    return target


def body_of(request: HttpRequest) -> bytes:
    """The body, refused by its announced length when no form of ours could be that long."""
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > LARGEST_BODY:
        raise PayloadTooLargeError
    return request.body


def visit_of(request: HttpRequest, door: str) -> Visit:
    return Visit(
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        at=timezone.now(),
        door=door,
    )


def wording(option: Option) -> str:
    """The text beside a switch: shown, and kept as evidence of what was agreed to."""
    sentence = option.renewal if option.renewable else option.sentence
    return f"{sentence} {option.description}".strip()


def by_purpose(options: list[Option]) -> list[list[Option]]:
    """The switches of each purpose together, in the order given."""
    found: dict[int, list[Option]] = {}
    for option in options:
        found.setdefault(option.purpose_id, []).append(option)
    return list(found.values())


def page(name: str, reader: Reader, token: str, **context: Any) -> HttpResponse:
    """In the person's language and the sender's time zone, without the request: nothing of a session gets into it."""
    with translation.override(reader.language), timezone.override(ZoneInfo(reader.sender.time_zone)):
        values = {"reader": reader, "organisation": reader.sender, "token": token, **context}
        return HttpResponse(render_to_string(f"consent/public/{name}.html", values))
