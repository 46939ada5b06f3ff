"""The portal's pages and the API of notices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from consent.collection.actions import PointValues, create_point
from consent.notices.actions import approve_notice, save_draft, submit_notice
from consent.notices.queries import live_version
from portal.accounts.models import User
from portal.organisations.models import Organisation
from tests.consent.notices.conftest import changed_wordings, fresh, published, submitted, written
from tests.people import actor_of, api_of, client_of

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return (b"".join(answer) if answer.streaming else answer.content).decode()


def test_a_notice_is_written_submitted_and_approved_in_the_portal(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    author, officer = client_of(marketer), client_of(dpo)
    fields = {
        "title": "Sign-up",
        "key": "signup",
        "kind": "collection",
        "purposes": ["newsletter"],
        "languages": ["en"],
    }
    assert author.post("/o/acme/notices/new/", fields).status_code == 302
    page = author.get("/o/acme/notices/signup/")
    assert "Submit to the DPO" in text(page) and "I want to receive" in text(page)
    author.post("/o/acme/notices/signup/submit/")
    assert "Sign-up" in text(officer.get("/o/acme/")), "the dashboard shows what waits"
    waiting = text(officer.get("/o/acme/notices/signup/"))
    assert "What would be published" in waiting and "Approve and publish" in waiting
    revision = fresh(client_company).latest_revision_id
    answer = officer.post("/o/acme/notices/signup/decide/", {"decision": "approve", "revision": revision})
    assert answer.status_code == 302
    live = live_version(client_company.pk, "signup", "en")
    assert live is not None
    shown = text(author.get("/o/acme/notices/signup/"))
    assert bytes(live.digest).hex() in shown and "/n/acme/signup" in shown


def test_a_notice_names_the_collection_points_that_show_it(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        for key, notice in (("corner-shop", "signup"), ("other-shop", "")):
            values = PointValues(name=f"The {key}", kind="paper", notice=notice)
            create_point(actor=actor_of(marketer, client_company), key=key, values=values)
    shown = text(client_of(marketer).get("/o/acme/notices/signup/"))
    assert "The corner-shop" in shown and "/o/acme/collection-points/corner-shop/" in shown
    assert "The other-shop" not in shown


def test_the_page_says_what_is_missing_and_keeps_the_button_away(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    page = written(client_company, marketer)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        save_draft(actor=author, page=page, wordings=changed_wordings(page, complaint=""))
        submit_notice(actor=author, page=page)
    shown = text(client_of(dpo).get("/o/acme/notices/signup/"))
    assert "GDPR 13(2)(d)" in shown and "Approve and publish" not in shown
    revision = fresh(client_company).latest_revision_id
    answer = client_of(dpo).post("/o/acme/notices/signup/decide/", {"decision": "approve", "revision": revision})
    assert answer.status_code == 422
    assert "supervisory authority" in text(answer)
    assert live_version(client_company.pk, "signup", "en") is None


def test_an_author_is_told_that_somebody_else_decides(client_company: Organisation, dpo: User, owner: User) -> None:
    submitted(client_company, dpo)
    shown = text(client_of(dpo).get("/o/acme/notices/signup/"))
    assert "another DPO or an owner approves it" in shown and "Approve and publish" not in shown
    assert "Approve and publish" in text(client_of(owner).get("/o/acme/notices/signup/"))


def test_sent_back_with_a_reason(client_company: Organisation, marketer: User, dpo: User) -> None:
    submitted(client_company, marketer)
    revision = fresh(client_company).latest_revision_id
    fields = {"decision": "reject", "revision": revision, "reason": "Name the printer."}
    client_of(dpo).post("/o/acme/notices/signup/decide/", fields)
    assert "Name the printer." in text(client_of(marketer).get("/o/acme/notices/signup/"))


def test_the_edit_button_leads_into_the_editor(client_company: Organisation, marketer: User) -> None:
    page = written(client_company, marketer)
    answer = client_of(marketer).get("/o/acme/notices/signup/edit/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/cms/pages/{page.pk}/edit/"
    assert answer.status_code == 200


def test_two_versions_stand_side_by_side(client_company: Organisation, marketer: User, dpo: User) -> None:
    page = published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        save_draft(actor=author, page=page, wordings=changed_wordings(page, transfers="Your data stays in France."))
        submit_notice(actor=author, page=page)
        approve_notice(actor=actor_of(dpo, client_company), page=page)
    shown = text(client_of(marketer).get("/o/acme/notices/signup/compare/?language=en"))
    assert "<del>the European Union.</del>" in shown
    assert "<ins>France.</ins>" in shown
    assert "Version 1" in shown and "Version 2" in shown
    assert client_of(marketer).get("/o/acme/notices/signup/compare/?from=7").status_code == 404


def test_the_register_is_exported(client_company: Organisation, marketer: User, dpo: User, viewer: User) -> None:
    published(client_company, marketer, dpo)
    table = text(client_of(viewer).get("/o/acme/notices/register.csv"))
    assert table.count("signup,collection,1") == 2
    rows = json.loads(text(client_of(viewer).get("/o/acme/notices/register.json")))["notices"]
    live = live_version(client_company.pk, "signup", "fr")
    assert live is not None
    assert rows[1]["language"] == "fr" and rows[1]["sha256"] == bytes(live.digest).hex()


def test_a_notice_is_ended_after_being_asked(client_company: Organisation, marketer: User, dpo: User) -> None:
    published(client_company, marketer, dpo)
    officer = client_of(dpo)
    assert officer.get("/o/acme/notices/signup/end/").status_code == 200
    assert live_version(client_company.pk, "signup", "en")
    assert officer.post("/o/acme/notices/signup/end/").status_code == 302
    assert "No longer shown" in text(officer.get("/o/acme/notices/"))
    assert api_of(dpo, client_company).get("/notices/signup").json()["state"] == "ended"
    assert live_version(client_company.pk, "signup", "en") is None


def test_two_notices_can_not_share_a_key(client_company: Organisation, marketer: User) -> None:
    written(client_company, marketer)
    fields = {"title": "Sign-up", "key": "signup", "kind": "collection", "languages": ["en"]}
    answer = client_of(marketer).post("/o/acme/notices/new/", fields)
    assert answer.status_code == 422 and "with this key already" in text(answer)


def test_the_api_tells_what_is_live_and_what_was(client_company: Organisation, marketer: User, dpo: User) -> None:
    page = published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        save_draft(actor=actor_of(marketer, client_company), page=page, wordings=changed_wordings(page, complaint=""))
    api = api_of(marketer, client_company)
    listed = api.get("/notices").json()
    assert listed["next_cursor"] is None
    assert listed["items"][0] | {"published_at": None} == {
        "key": "signup",
        "title": "Sign-up on the web site",
        "kind": "collection",
        "state": "draft",
        "version": 1,
        "languages": ["en", "fr"],
        "published_at": None,
        "findings": 2,
        "url": listed["items"][0]["url"],
    }
    assert listed["items"][0]["url"].endswith("/n/acme/signup")
    one = api.get("/notices/signup").json()
    assert {problem["code"] for problem in one["problems"]} == {"missing_complaint"}
    assert {problem["article"] for problem in one["problems"]} == {"GDPR 13(2)(d)"}
    assert [version["number"] for version in one["versions"]] == [1]
    version = api.get("/notices/signup/versions/1").json()
    live = live_version(client_company.pk, "signup", "fr")
    assert live is not None
    assert version["wordings"][1]["digest"] == bytes(live.digest).hex()
    assert version["wordings"][1]["text"] == live.text
    assert version["published_by"].startswith("member:")
    assert api.get("/notices/signup/versions/2").status_code == 404
    assert api.get("/notices/nothing").json()["code"] == "not_found"


def test_a_program_begins_a_notice_and_others_decide_on_it(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    writes, decides = api_of(marketer, client_company), api_of(dpo, client_company)
    body = {"key": "signup", "title": "Sign-up", "purposes": ["newsletter"], "languages": ["en"]}
    made = writes.post("/notices", body)
    assert (made.status_code, made.json()["state"], made.json()["problems"]) == (201, "draft", [])
    assert writes.post("/notices", body).json()["code"] == "notice_exists"
    assert (
        writes.post("/notices", {**body, "key": "b", "purposes": ["x"]}).json()["errors"][0]["code"]
        == "unknown_purpose"
    )
    assert writes.post("/notices/signup/submit").json()["state"] == "awaiting_dpo"
    assert writes.post("/notices/signup/take-back").json()["state"] == "draft"
    waiting = writes.post("/notices/signup/submit").json()
    assert writes.post("/notices/signup/approve", {"revision": waiting["draft_revision"]}).status_code == 403
    assert decides.post("/notices/signup/approve", {"revision": "987654321"}).json()["code"] == "notice_state"
    assert decides.post("/notices/signup/send-back", {"reason": "Name the printer."}).json()["state"] == "sent_back"
    waiting = writes.post("/notices/signup/submit").json()
    live = decides.post("/notices/signup/approve", {"revision": waiting["draft_revision"]}).json()
    assert (live["state"], live["version"], [each["language"] for each in live["live"]]) == ("published", 1, ["en"])
    assert writes.post("/notices/signup/end").status_code == 403
    assert decides.post("/notices/signup/end").json()["state"] == "ended"


def test_the_api_of_a_stranger_knows_nothing(
    client_company: Organisation, marketer: User, dpo: User, other: Organisation, stranger: User
) -> None:
    published(client_company, marketer, dpo)
    api = api_of(stranger, other)
    assert api.get("/notices").json()["items"] == []
    assert api.get("/notices/signup").status_code == 404
    assert api.get("/notices/signup/versions/1").status_code == 404
