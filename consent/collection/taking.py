"""What a visitor sent, once it is sound: of the form as it stands, and not by a robot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django_scopes import scope

from consent.children.rules import age_text
from consent.collection.answers import Answer, said_in_short
from consent.collection.documents import words_of
from consent.collection.errors import StaleFormError
from consent.collection.proof_of_work import give_back, require_patience, require_work
from consent.collection.recording import form_actor
from consent.collection.signing_up import sign_up
from consent.collection.submissions import Read, Submission
from consent.collection.tokens import read_signed
from consent.collection.visits import Form
from portal.api.rates import Rate
from portal.organisations.client_address import client_address

TOKEN_VALID = timedelta(hours=24)
VISITOR_RATE = Rate(30, 300)


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


def taken(form: Form, read: Read, note: dict[str, Any], sent: Submission, facts: dict[str, Any]) -> None:
    """Once no robot has sent it: into the ledger, or to the mailbox it names."""
    point = form.point
    answer = answer_of(form, read, note, sent, facts)
    said = said_in_short(answer)
    if sent.text("altcha"):
        counts = require_work(point.pk, sent.text("altcha"), said, form.now)
    else:
        visitor = str(client_address(form.request))
        counts = require_patience(point.pk, sent.text("ticket"), said, visitor, form.now)
    if not counts:
        return
    try:
        with scope(organisation=point.organisation):
            sign_up(actor=form_actor(point), point=point, version=form.version, answer=answer, now=form.now)
    except Exception:
        give_back(sent.text("altcha"), sent.text("ticket"))
        raise


def answer_of(form: Form, read: Read, note: dict[str, Any], sent: Submission, facts: dict[str, Any]) -> Answer:
    """What was sent, with the circumstances that prove it; ``facts`` are those of the door it came through."""
    request = form.request
    return Answer(
        email=read.email,
        phone=read.phone,
        values=read.values,
        yes=read.yes,
        no=read.no,
        language=form.language,
        submitted_at=form.now.isoformat(),
        served_at=datetime.fromtimestamp(note["t"], tz=form.now.tzinfo).isoformat() if "t" in note else "",
        parent=read.parent,
        facts={
            "url": (request.headers.get("Referer") or request.build_absolute_uri())[:500],
            "ip": client_address(request) or "",
            "user_agent": request.headers.get("User-Agent", "")[:500],
            "robots_kept_out_by": "proof of work" if sent.text("altcha") else "waiting",
            "age": age_text(read.age, form.document["age_limit"]),
            **facts,
        },
    )
