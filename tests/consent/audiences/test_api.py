"""Audiences over HTTP."""

from __future__ import annotations

import pytest

from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.consent.choices import choose, new_purpose
from tests.consent.stage import member_caller, new_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme)


@pytest.fixture
def everybody(acme: Organisation) -> Segment:
    return new_segment(acme)


def test_an_audience_is_prepared_and_approved_by_two_tokens(
    acme: Organisation, marketer: User, approver: User, newsletter: Purpose, everybody: Segment, ada: Contact
) -> None:
    choose(ada, newsletter, "grant")
    writing, deciding = member_caller(marketer, acme), member_caller(approver, acme)
    body = {"name": "Spring", "segment": str(everybody.pk), "purpose": "newsletter", "channel": "email"}
    response = writing.post("/audiences", {**body, "fields": ["first_name"]})
    assert response.status_code == 201, response.content
    audience = response.json()
    assert audience["state"] == "draft"
    assert audience["counts"] is None

    path = f"/audiences/{audience['id']}"
    counted = writing.post(f"{path}/submit").json()
    assert counted["counts"] == {"segment": 1, "allowed": 1, "excluded": {}}
    own = writing.post(f"{path}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")

    found = deciding.post(f"{path}/approve")
    assert found.status_code == 200, found.content
    assert found.json()["state"] == "approved"
    assert found.json()["submitted_by"] == "marketer@acme.example"
    assert found.json()["approved_by"] == "approver@acme.example"
    assert found.json()["handed_off"] is None
    assert deciding.post(f"{path}/approve").json()["code"] == "wrong_state"
    assert [item["id"] for item in deciding.get("/audiences?state=approved").json()["items"]] == [audience["id"]]


def test_a_rejection_says_why(
    acme: Organisation, marketer: User, approver: User, newsletter: Purpose, everybody: Segment
) -> None:
    writing, deciding = member_caller(marketer, acme), member_caller(approver, acme)
    body = {"name": "Spring", "segment": everybody.pk, "purpose": "newsletter", "channel": "email"}
    path = f"/audiences/{writing.post('/audiences', body).json()['id']}"
    writing.post(f"{path}/submit")
    refused = deciding.post(f"{path}/reject")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    found = deciding.post(f"{path}/reject", {"reason": "Too late."}).json()
    assert (found["state"], found["decision_note"], found["approved_by"]) == ("rejected", "Too late.", None)


def test_a_stranger_finds_no_audience(
    acme: Organisation,
    other: Organisation,
    marketer: User,
    stranger: User,
    newsletter: Purpose,
    everybody: Segment,
) -> None:
    body = {"name": "Spring", "segment": everybody.pk, "purpose": "newsletter", "channel": "email"}
    audience = member_caller(marketer, acme).post("/audiences", body).json()
    theirs = member_caller(stranger, other)
    for step in ("submit", "approve", "reject", "cancel"):
        assert theirs.post(f"/audiences/{audience['id']}/{step}").status_code == 404
    assert theirs.get(f"/audiences/{audience['id']}").status_code == 404
    assert theirs.get("/audiences").json()["items"] == []


def test_what_is_wrong_is_named_with_its_place(
    acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment
) -> None:
    body = {"name": "", "segment": "77", "purpose": "newsletter", "channel": "email", "fields": ["password"]}
    response = member_caller(marketer, acme).post("/audiences", body)
    assert response.status_code == 422
    assert {(tuple(error["loc"]), error["code"]) for error in response.json()["errors"]} == {
        (("name",), "required"),
        (("segment",), "unknown_segment"),
        (("fields", 0), "unknown_field"),
    }
