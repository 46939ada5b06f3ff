"""The short way of the one-click POST answers as the long one does, and leaves everything else to it."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from consent.ledger.evidence import open_evidence
from consent.links import LinkKind, LinkTarget, make_token
from consent.preferences import one_click_door
from consent.preferences.one_click_door import OneClickDoor
from consent.purposes.models import Purpose
from subscribers.contacts.models import Contact
from tests.consent.choices import status_of
from tests.consent.preferences.test_unsubscribe import FORM, MULTIPART, ONE_CLICK, events_of

pytestmark = pytest.mark.django_db


class Answer:
    """What the door answered, or that it left the request to the portal and how its body then read."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: dict[str, str] = {}
        self.left: bytes | None = None

    def portal(self, environ: dict[str, Any], _start: Any) -> list[bytes]:
        self.left = environ["wsgi.input"].read()
        return [b"portal"]

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)


def knock(path: str, body: str, content_type: str = FORM, *, method: str = "POST", **extra: str) -> Answer:
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD=method,
        PATH_INFO=path,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": BytesIO(body.encode())},
        **extra,
    )
    answer = Answer()
    list(OneClickDoor(answer.portal)(environ, answer.start))
    return answer


@pytest.mark.parametrize(("body", "content_type"), [(ONE_CLICK, FORM), MULTIPART])
def test_a_click_withdraws_and_answers_what_the_long_way_answers(
    token: str, subscribed: Contact, newsletter: Purpose, body: str, content_type: str
) -> None:
    answer = knock(f"/u/{token}", body, content_type, HTTP_USER_AGENT="Mail/1")
    assert answer.status == "200 OK"
    assert status_of(subscribed, newsletter) == "withdrawn"
    event = events_of(subscribed)[-1]
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert (event.source, proof["door"], proof["user_agent"], proof["ip"]) == (
        "one_click",
        "one_click",
        "Mail/1",
        "127.0.0.1",
    )
    long = Client().generic("POST", f"/u/{token}", body, content_type)
    named = ("Content-Type", "Content-Security-Policy", "Cache-Control", "Referrer-Policy", "X-Robots-Tag")
    assert {name: answer.headers[name] for name in named} == {name: long[name] for name in named}
    assert len(events_of(subscribed)) == 2, "a second click records nothing"


@pytest.mark.parametrize(
    ("method", "body"), [("GET", ""), ("HEAD", ""), ("POST", "confirm=yes"), ("POST", ""), ("PUT", ONE_CLICK)]
)
def test_anything_else_goes_on_with_its_body_unread(
    token: str, subscribed: Contact, newsletter: Purpose, method: str, body: str
) -> None:
    answer = knock(f"/u/{token}", body, method=method)
    assert (answer.status, answer.left) == ("", body.encode())
    assert status_of(subscribed, newsletter) == "granted"


def test_false_links_and_other_kinds_go_on(token: str, subscribed: Contact, newsletter: Purpose) -> None:
    other = LinkTarget(subscribed.organisation_id, subscribed.pk, newsletter.pk, "email", LinkKind.CONFIRM)
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for path in (f"/u/{forged}", f"/u/{make_token(other)}", f"/p/{token}", "/u/"):
        assert knock(path, ONE_CLICK).left == ONE_CLICK.encode()
    assert status_of(subscribed, newsletter) == "granted"


def test_a_cut_connection_costs_the_person_nothing(token: str) -> None:
    failures = [OperationalError("the server closed the connection"), [1]]
    with (
        mock.patch.object(one_click_door.actions, "stop_one", side_effect=failures) as stop,
        mock.patch.object(one_click_door.connection, "close"),
    ):
        answer = knock(f"/u/{token}", ONE_CLICK)
    assert (answer.status, stop.call_count) == ("200 OK", 2)


def test_the_web_server_is_given_this_door() -> None:
    from portal.wsgi import application

    assert isinstance(application, OneClickDoor)
