"""A live form as one visitor meets it, and the pages they get: in their language, without cookie or session."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django_scopes import scope

from consent.collection.actions import current_version
from consent.collection.documents import Document, spoken, words_of
from consent.collection.models import CollectionPoint, FormVersion
from consent.collection.proof_of_work import new_challenge
from consent.collection.queries import notice_html
from consent.collection.submissions import HONEYPOT, Submission
from consent.collection.tokens import signed
from portal.errors import FieldProblem

READING = ("GET", "HEAD")


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
            "problems": [named(problem, labels_of(self.words)) for problem in problems],
            "wrong": wrong,
            "honeypot": HONEYPOT,
            "notice_url": notice_url(self.point, self.words, self.language),
            "version": self.version,
        }


def named(problem: FieldProblem, labels: Mapping[str, str]) -> tuple[str, str, FieldProblem]:
    """A problem with the field it is at, and what the form calls that field."""
    name = str(problem.loc[0]) if problem.loc else ""
    return name, labels.get(name, ""), problem


def labels_of(words: Document) -> dict[str, str]:
    """What each field is called on this form."""
    age = words["age"] or {}
    return {
        "email": words["email"],
        "choices": words["choices_legend"],
        "age": age.get("question", ""),
        "parent": age.get("parent", ""),
        **{asked["name"]: asked["label"] for asked in words["fields"]},
    }


def notice_url(point: CollectionPoint, words: Document, language: str) -> str:
    """The page of the notice, in this version and language."""
    notice = words["notice"]
    address = reverse("public_notice", args=[point.organisation.slug, notice["notice"]])
    return f"{address}?version={notice['number']}&language={language}"


def languages_of(request: HttpRequest) -> list[str]:
    """The languages a visitor asks for: in the address, then their browser's."""
    accepted = request.headers.get("Accept-Language", "")
    found = [request.GET.get("lang", "")] + [part.split(";")[0].strip().lower() for part in accepted.split(",")]
    return [code for wanted in found for code in (wanted, wanted.split("-")[0]) if code]


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
