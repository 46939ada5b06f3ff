from __future__ import annotations

import hashlib

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.models import Suppression
from tests.people import client_of

LIST = "/o/acme/suppressions/"


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


def test_a_pasted_list_is_taken_and_the_page_shows_no_address(
    browser: Client, acme: Organisation, ada: Contact
) -> None:
    digest = hashlib.sha256(b"zoe@example.org").hexdigest()
    lines = f"ada.martin@example.org\n{digest}\n\n"
    answer = browser.post(f"{LIST}new/", {"channel": "email", "reason": "imported", "lines": lines})
    assert answer.status_code == 302
    text = browser.get(LIST).content.decode()
    assert "ada.martin@example.org" not in text.lower() and "SHA-256" in text
    assert f"/o/acme/contacts/{ada.pk}/" in text


def test_wrong_lines_are_named_and_the_others_taken(browser: Client, acme: Organisation) -> None:
    answer = browser.post(f"{LIST}new/", {"channel": "email", "reason": "manual", "lines": "zoe@example.org\nnobody"})
    assert answer.status_code == 422
    assert [line for _number, line, _problem in answer.context["refused"]] == ["nobody"]
    with scopes_disabled():
        assert Suppression.objects.count() == 1


def test_taking_off_asks_first(browser: Client, acme: Organisation) -> None:
    browser.post(f"{LIST}new/", {"channel": "email", "reason": "manual", "lines": "zoe@example.org"})
    with scopes_disabled():
        entry = Suppression.objects.get()
    assert browser.get(f"{LIST}{entry.pk}/remove/").status_code == 200
    with scopes_disabled():
        assert Suppression.objects.count() == 1
    assert browser.post(f"{LIST}{entry.pk}/remove/").status_code == 302
    with scopes_disabled():
        assert Suppression.objects.count() == 0
