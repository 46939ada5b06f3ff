"""A published form, and a visitor who fills it in: through the same doors as a browser or another site."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import altcha
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django_scopes import scope

from consent.collection.actions import PointValues, create_point, publish_point
from consent.collection.models import CollectionPoint
from consent.notices.models import NoticeKind, NoticeVersion
from consent.purposes.models import Purpose
from consent.texts.kept import notice_text
from portal.mail.actions import send_queued_mail
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.consent.choices import note_texts

PUBLISHED = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
TEXTS = {
    "en": {"title": "Our newsletter", "intro": "Once a month, what is new.", "thanks": "See you soon."},
    "fr": {"title": "Notre lettre", "intro": "Une fois par mois, les nouveautés.", "thanks": "À bientôt."},
}


def new_notice(
    organisation: Organisation, language: str, *, number: int = 1, text: str = "", form: dict[str, Any] | None = None
) -> NoticeVersion:
    text = text or {"en": "Acme is the controller.", "fr": "Acme est responsable du traitement."}[language]
    with scope(organisation=organisation):
        NoticeVersion.objects.filter(notice="signup", language=language, ended_at=None).update(ended_at=PUBLISHED)
        version = NoticeVersion.objects.create(
            organisation=organisation,
            notice="signup",
            number=number,
            language=language,
            kind=NoticeKind.COLLECTION,
            title={"en": "How we use your data", "fr": "Ce que nous faisons de vos données"}[language],
            html=f"<h1>Notice</h1><h2>Who</h2><p>{text}</p>",
            text=text,
            digest=hashlib.sha256(text.encode()).digest(),
            form=form,
            published_at=PUBLISHED,
            published_by="member:1",
        )
    note_texts(organisation, [notice_text(version)])
    return version


def new_point(
    organisation: Organisation, *purposes: Purpose, key: str = "newsletter", **values: Any
) -> CollectionPoint:
    """A published web form in English and French, by e-mail for each purpose unless told otherwise."""
    publish, at = values.pop("publish", True), values.pop("at", None)
    given: dict[str, Any] = {
        "name": "Newsletter",
        "notice": "signup",
        "choices": [{"purpose": purpose.key, "channel": "email"} for purpose in purposes],
        "languages": ["en", "fr"],
        "texts": TEXTS,
        **values,
    }
    with scope(organisation=organisation):
        if not NoticeVersion.objects.exists():
            for language in ("en", "fr"):
                new_notice(organisation, language)
        actor = Actor.system(organisation)
        point = create_point(actor=actor, key=key, values=PointValues(**given), now=at)
        return publish_point(actor=actor, point=point, now=at) if publish else point


def path_of(point: CollectionPoint) -> str:
    return f"/s/{point.organisation.slug}/{point.key}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


def solution_of(challenge: dict[str, Any]) -> str:
    """What a browser's calculation gives."""
    found = altcha.solve_challenge_v1(
        challenge["challenge"], challenge["salt"], challenge["algorithm"], challenge["maxnumber"]
    )
    assert found is not None
    kept = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps({**kept, "number": found.number}).encode()).decode()


def opened(point: CollectionPoint, *, lang: str = "en", solve: bool = True) -> dict[str, Any]:
    """The hidden fields of the form, with the calculation done."""
    page = Client(headers={"Accept-Language": lang}).get(path_of(point)).content.decode()
    fields = {name: hidden(page, name) for name in ("token", "lang")}
    if solve:
        found = re.search(r'data-challenge="([^"]*)"', page)
        assert found is not None
        fields["altcha"] = solution_of(json.loads(html.unescape(found[1])))
    return fields


def send(point: CollectionPoint, *, lang: str = "en", fields: dict[str, Any] | None = None, **given: Any) -> Any:
    """Open the form, fill it in, press the button."""
    given = {"email": "nina@mail.example", "choice": ["newsletter-email"], **given}
    values = {**(opened(point, lang=lang) if fields is None else fields), **given}
    return Client(enforce_csrf_checks=True).post(
        path_of(point), values, headers={"Referer": "https://acme.example/blog"}
    )


def delivered() -> list[Any]:
    """Send what waits in the outbox; the messages since the last look."""
    before = len(mail.outbox)
    for pk in OutgoingMail.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True):
        send_queued_mail(mail_id=pk)
    return mail.outbox[before:]


def link_in(message: Any) -> str:
    found = re.search(r"/c/[A-Za-z0-9_-]+", message.body)
    assert found is not None
    return found[0]


def press(link: str) -> HttpResponse:
    """Open the page behind the link and press its button."""
    page = Client().get(link).content.decode()
    return Client(enforce_csrf_checks=True).post(link, {"page": hidden(page, "page")})
