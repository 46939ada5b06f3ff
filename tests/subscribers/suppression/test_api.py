from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.models import Suppression
from tests.people import Api, api_of, lines_of


@pytest.fixture
def api(integrator: User, acme: Organisation) -> Api:
    return api_of(integrator, acme)


def test_an_address_is_suppressed_once_and_taken_off(api: Api, in_acme: Organisation) -> None:
    body = {"address": "zoe@example.org", "channel": "email", "reason": "objection"}
    made, again = api.post("/suppressions", body), api.post("/suppressions", body)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    assert "zoe" not in made.content.decode()
    assert Contact.objects.count() == 0
    assert len(api.get("/suppressions?address=ZOE%40example.org").json()["items"]) == 1
    assert api.delete(f"/suppressions/{made.json()['id']}").status_code == 204
    assert api.get("/suppressions").json()["items"] == []


def test_many_lines_are_answered_one_by_one(api: Api, in_acme: Organisation, ben: Contact) -> None:
    lines = [
        json.dumps({"address": "zoe@example.org"}),
        "",
        "{not json",
        json.dumps({"address": "nobody", "channel": "email"}),
        json.dumps({"hash": hashlib.sha256(b"ben@example.net").hexdigest(), "hash_type": "sha256"}),
        json.dumps({"address": "a@example.org", "channel": "pigeon"}),
    ]
    answers = lines_of(api.post("/suppressions", "\n".join(lines)))
    assert [(answer["line"], answer.get("code", "taken")) for answer in answers] == [
        (1, "taken"),
        (3, "invalid_json"),
        (4, "invalid_email"),
        (5, "taken"),
        (6, "literal_error"),
    ]
    assert Suppression.objects.get(hash_type="sha256").contact_id == ben.pk


def test_thousands_of_hashes_come_in_few_statements(
    api: Api, in_acme: Organisation, ben: Contact, django_assert_max_num_queries: Any
) -> None:
    lines = [
        json.dumps({"hash": hashlib.md5(f"p{number}@example.org".encode()).hexdigest(), "hash_type": "md5"})
        for number in range(3000)
    ]
    with django_assert_max_num_queries(25):
        answers = lines_of(api.post("/suppressions", "\n".join(lines)))
    assert len({answer["id"] for answer in answers}) == 3000


@pytest.mark.parametrize("body", [{}, {"address": "nobody"}, {"hash": "12", "hash_type": "md5"}, {"channel": "post"}])
def test_a_wrong_entry_is_refused(api: Api, in_acme: Organisation, body: dict[str, Any]) -> None:
    answer = api.post("/suppressions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert not Suppression.objects.exists()


def test_another_organisations_entry_is_not_there(
    api: Api, stranger: User, other: Organisation, in_acme: Organisation
) -> None:
    theirs = api_of(stranger, other).post("/suppressions", {"address": "zoe@example.org"}).json()["id"]
    assert api.delete(f"/suppressions/{theirs}").status_code == 404
    assert api.get("/suppressions").json()["items"] == []


def test_an_address_and_a_hash_at_once_are_refused(api: Api, in_acme: Organisation) -> None:
    """One of them would be suppressed and the other silently not."""
    body = {"address": "a@example.org", "hash": hashlib.sha256(b"b@example.org").hexdigest(), "hash_type": "sha256"}
    answer = api.post("/suppressions", body)
    assert answer.status_code == 422
    assert [problem["code"] for problem in answer.json()["errors"]] == ["ambiguous"]
    assert not Suppression.objects.exists()
