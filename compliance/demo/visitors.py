"""Visitors of the sign-up form over the last weeks: most confirm, some never click, some say no to everything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from compliance.demo.people import Person
from consent.collection.actions import current_version
from consent.collection.answers import Answer
from consent.collection.documents import words_of
from consent.collection.models import CollectionPoint, FormVersion, SignUpState
from consent.collection.recording import form_actor, record_answer
from consent.collection.signing_up import keep_count

SEED = 5
A_DAY = 4
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile Safari/604.1",
)


def receive(
    point: CollectionPoint, visitors: Iterator[Person], chance: random.Random, *, first: datetime, last: datetime
) -> None:
    """Let the next of them answer the form as it stood then, in the order of time."""
    version = current_version(point, first)
    moments = sorted(first + (last - first) * chance.random() for _visit in range((last - first).days * A_DAY))
    for at, person in zip(moments, visitors, strict=False):
        fate = chance.random()
        if fate < 0.7:
            answer(point, version, person, at, min(at + timedelta(minutes=chance.randrange(1, 600)), last), chance)
        else:
            state = SignUpState.EXPIRED if fate < 0.85 else SignUpState.REFUSED
            keep_count(point, version, said(person, [], at, chance), at, state)


@transaction.atomic
def answer(
    point: CollectionPoint, version: FormVersion, person: Person, at: datetime, clicked: datetime, chance: random.Random
) -> None:
    """A sign-up and its confirming click."""
    keys = [choice["key"] for choice in words_of(version.document, "fr")["choices"]]
    yes = keys if chance.random() < 0.4 else keys[:1]
    given = said(person, yes, at, chance)
    click = {"opened_at": clicked.isoformat(), "confirmed_at": clicked.isoformat(), **whence(chance)}
    record_answer(actor=form_actor(point), point=point, version=version, answer=given, now=clicked, confirmation=click)
    keep_count(point, version, given, at, SignUpState.RECORDED)


def said(person: Person, yes: list[str], at: datetime, chance: random.Random) -> Answer:
    return Answer(
        email=person.email,
        values={"first_name": person.cells[1]},
        yes=yes,
        language="fr",
        submitted_at=at.isoformat(),
        served_at=(at - timedelta(seconds=chance.randrange(8, 90))).isoformat(),
        facts={"url": "https://www.atelier-lumiere.example/lettre", **whence(chance)},
    )


def whence(chance: random.Random) -> dict[str, str]:
    """An address that documentation may use (RFC 5737), and a browser."""
    return {"ip": f"198.51.100.{chance.randrange(1, 255)}", "user_agent": chance.choice(BROWSERS)}
