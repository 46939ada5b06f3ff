"""Purposes: by page and by API, and what can't be changed once people have chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from consent.purposes.actions import PurposeValues, create_purpose, update_purpose
from consent.purposes.errors import BasisInUseError, KeyTakenError
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.people import actor_of, client_of
from tests.portal.api.conftest import bearer, member_token

pytestmark = pytest.mark.django_db

VALUES = PurposeValues(name="Newsletter", basis="consent", channels=["sms", "email"])
BODY = {"key": "newsletter", "name": "Newsletter", "basis": "consent", "channels": ["email", "sms"]}


def test_a_purpose_is_created_and_audited(in_acme: Organisation, dpo: User) -> None:
    purpose = create_purpose(actor=actor_of(dpo, in_acme), key="newsletter", values=VALUES)
    assert purpose.channels == ["email", "sms"]
    assert AuditEntry.objects.get(action="purpose.created").target_id == str(purpose.pk)


def test_a_marketer_may_not(in_acme: Organisation, marketer: User) -> None:
    with pytest.raises(PermissionDeniedError):
        create_purpose(actor=actor_of(marketer, in_acme), key="newsletter", values=VALUES)


def test_a_key_belongs_to_one_purpose_an_organisation(in_acme: Organisation, other: Organisation, dpo: User) -> None:
    new_purpose(other)
    create_purpose(actor=actor_of(dpo, in_acme), key="newsletter", values=VALUES)
    with pytest.raises(KeyTakenError):
        create_purpose(actor=actor_of(dpo, in_acme), key="newsletter", values=VALUES)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"basis": "mood"}, "basis"),
        ({"channels": ["fax"]}, "channels"),
        ({"channels": []}, "channels"),
        ({"name": ""}, "name"),
    ],
)
def test_nonsense_is_refused_at_its_field(in_acme: Organisation, dpo: User, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        update_purpose(actor=actor_of(dpo, in_acme), purpose=new_purpose(in_acme), changes=change)
    assert {problem.loc for problem in refused.value.errors} == {(field,)}


def test_the_basis_stays_once_somebody_has_chosen(in_acme: Organisation, dpo: User, ada: Contact) -> None:
    """B-14."""
    purpose = new_purpose(in_acme)
    actor = actor_of(dpo, in_acme)
    update_purpose(actor=actor, purpose=purpose, changes={"basis": "contract"})
    choose(ada, purpose, "refuse")
    with pytest.raises(BasisInUseError):
        update_purpose(actor=actor, purpose=purpose, changes={"basis": "consent"})
    assert update_purpose(actor=actor, purpose=purpose, changes={"basis": "contract", "name": "Bills"}).name == "Bills"


def test_another_organisations_purpose_is_not_found(in_acme: Organisation, other: Organisation, dpo: User) -> None:
    with pytest.raises(NotFoundError):
        update_purpose(actor=actor_of(dpo, in_acme), purpose=new_purpose(other), changes={"name": "Mine"})


@pytest.fixture
def api(integrator: User, acme: Organisation) -> Client:
    return bearer(member_token(integrator, acme))


def test_the_api_creates_lists_reads_and_changes(in_acme: Organisation, api: Client, other: Organisation) -> None:
    new_purpose(other, "theirs")
    created = api.post("/api/v1/purposes", BODY, content_type="application/json")
    assert created.status_code == 201
    assert created.json()["double_opt_in"] is False
    assert [item["key"] for item in api.get("/api/v1/purposes").json()["items"]] == ["newsletter"]
    changed = api.patch("/api/v1/purposes/newsletter", {"valid_for_days": 90}, content_type="application/json")
    assert (changed.json()["valid_for_days"], changed.json()["name"]) == (90, "Newsletter")
    assert api.get("/api/v1/purposes/newsletter").json() == changed.json()
    assert api.get("/api/v1/purposes/theirs").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "News letter"}, 422, "invalid_input"),
        ({"channels": []}, 422, "invalid_input"),
        ({"basis": "mood"}, 422, "invalid_input"),
        ({"valid_for_days": 0}, 422, "invalid_input"),
        ({}, 409, "key_taken"),
    ],
)
def test_the_api_refuses_with_a_code(
    in_acme: Organisation, api: Client, change: dict[str, Any], status: int, code: str
) -> None:
    new_purpose(in_acme)
    response = api.post("/api/v1/purposes", {**BODY, **change}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_the_api_keeps_key_and_basis(in_acme: Organisation, api: Client, ada: Contact) -> None:
    choose(ada, new_purpose(in_acme), "grant")
    url = "/api/v1/purposes/newsletter"
    refused = api.patch(url, {"basis": "contract"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "basis_in_use")
    assert api.patch(url, {"key": "other"}, content_type="application/json").status_code == 422


def test_the_pages_list_create_and_edit(in_acme: Organisation, dpo: User, ada: Contact) -> None:
    client = client_of(dpo)
    given = {
        "name": "Offers", "key": "offers", "basis": "consent", "channels": ["email"], "public": "on",
        "ask_again_after_days": "182",
    }  # fmt: skip
    assert client.get("/o/acme/purposes/new/").status_code == 200
    assert client.post("/o/acme/purposes/new/", given)["Location"] == "/o/acme/purposes/offers/"
    again = client.post("/o/acme/purposes/new/", given)
    assert again.status_code == 422
    assert "There is a purpose with this key already" in again.content.decode()
    purpose = Purpose.objects.get()
    choose(ada, purpose, "grant")
    page = client.get("/o/acme/purposes/").content.decode()
    assert "Offers" in page
    changed = {**given, "name": "Great offers", "key": "other", "basis": "contract", "material": "yes"}
    client.post("/o/acme/purposes/offers/edit/", changed)
    purpose.refresh_from_db()
    assert (purpose.name, purpose.key, purpose.basis) == ("Great offers", "offers", "consent")


def test_a_viewer_sees_no_way_to_edit(in_acme: Organisation, viewer: User) -> None:
    new_purpose(in_acme)
    page = client_of(viewer).get("/o/acme/purposes/").content.decode()
    assert "Newsletter" in page
    assert "/edit/" not in page
    assert client_of(viewer).get("/o/acme/purposes/new/").status_code == 403


def test_the_dashboard_counts_agreements(in_acme: Organisation, viewer: User, ada: Contact) -> None:
    choose(ada, new_purpose(in_acme), "grant")
    assert "Consents in force" in client_of(viewer).get("/o/acme/").content.decode()
