"""``/n/{organisation}/{notice}``: in the reader's language, as it stands or stood, with nothing set or loaded."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from consent.notices.actions import NoticeDraft, approve_notice, end_notice, save_draft, submit_notice
from consent.notices.kinds import NoticeKind
from portal.accounts.models import User
from portal.organisations.models import Organisation
from tests.consent.notices.conftest import changed_wordings, fresh, published, written
from tests.people import actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice(client_company: Organisation, marketer: User, dpo: User) -> Organisation:
    """A notice in its second version."""
    page = published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        save_draft(actor=author, page=page, wordings=changed_wordings(page, recipients="The printer Paper and Co."))
        submit_notice(actor=author, page=page)
        approve_notice(actor=actor_of(dpo, client_company), page=page)
    return client_company


def get(path: str, language: str = "") -> Any:
    headers = {"Accept-Language": language} if language else {}
    return Client().get(path, headers=headers)


def test_it_is_shown_in_the_readers_language(twice: Any) -> None:
    french, english = get("/n/acme/signup", "fr-CA,fr;q=0.9,en;q=0.5"), get("/n/acme/signup", "en-GB")
    assert b'<html lang="fr"' in french.content and b"Vos droits" in french.content
    assert b'<html lang="en"' in english.content and b"Your rights" in english.content
    assert b"Your rights" in get("/n/acme/signup?language=en", "fr").content
    assert b"Your rights" in get("/n/acme/signup", "ja").content, "the organisation's own language otherwise"


def test_an_earlier_version_says_when_it_was_shown(twice: Any) -> None:
    today, before = get("/n/acme/signup", "en"), get("/n/acme/signup?version=1", "en")
    assert b"Paper and Co" in today.content and b"Version 2, shown since" in today.content
    assert b"Paper and Co" not in before.content
    assert b"This is an earlier version (1). It was shown from" in before.content


def test_it_sets_nothing_and_loads_nothing_from_elsewhere(twice: Any) -> None:
    answer = get("/n/acme/signup", "en")
    assert not answer.cookies
    assert b"<script" not in answer.content
    assert len(answer.content) < 30_000
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    for line in answer.content.splitlines():
        assert not (b"src=" in line or (b"<link" in line and b"http" in line)), line


@pytest.mark.parametrize(
    "path", ["/n/acme/other", "/n/nobody/signup", "/n/acme/signup?version=9", "/n/acme/signup?version=x", "/n/acme/x/y"]
)
def test_what_is_not_there_is_not_found(twice: Any, path: str) -> None:
    assert get(path).status_code == 404


def test_a_get_alone_is_answered(twice: Any) -> None:
    assert Client().post("/n/acme/signup").status_code == 405
    assert Client().head("/n/acme/signup").status_code == 200


def test_a_draft_is_nobodys_business(client_company: Any, marketer: User) -> None:
    written(client_company, marketer)
    assert get("/n/acme/signup").status_code == 404


def test_an_ended_notice_is_gone_and_its_versions_stay(twice: Any, dpo: User) -> None:
    with scope(organisation=twice):
        end_notice(actor=actor_of(dpo, twice), page=fresh(twice))
    assert get("/n/acme/signup").status_code == 404
    assert get("/n/acme/signup?version=2", "en").status_code == 200


def test_what_was_written_is_never_taken_for_markup(client_company: Any, marketer: User, dpo: User) -> None:
    page = written(client_company, marketer)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        save_draft(
            actor=author, page=page, wordings=changed_wordings(page, recipients="<script>alert(1)</script> Hosty Ltd.")
        )
        submit_notice(actor=author, page=page)
        approve_notice(actor=actor_of(dpo, client_company), page=page)
    assert b"<script" not in get("/n/acme/signup", "en").content


def test_the_cookie_page_tells_the_truth(client_company: Any, marketer: User, dpo: User) -> None:
    published(client_company, marketer, dpo, NoticeDraft(key="cookies", title="Cookies", kind=NoticeKind.COOKIES))
    answer = get("/n/acme/cookies", "en")
    assert b"no cookie, no local storage" in answer.content
    assert not answer.cookies
