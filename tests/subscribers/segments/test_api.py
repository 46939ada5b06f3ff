"""Segments over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from consent.audiences.models import Audience
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from subscribers.segments.uses import register_use
from tests.people import LONG_AGO, new_contact
from tests.portal.api.conftest import bearer, member_token
from tests.subscribers.segments.test_compiling import declare

FRANCE = {"field": "country", "op": "eq", "value": "FR"}
API = "/api/v1/segments"


@pytest.fixture
def api(marketer: User, acme: Organisation) -> Client:
    return bearer(member_token(marketer, acme))


def post(client: Client, address: str, body: Any) -> Any:
    return client.post(address, body, content_type="application/json")


def test_a_segment_is_made_read_changed_and_archived(api: Client, acme: Organisation) -> None:
    made = post(api, API, {"name": " The French ", "rule": FRANCE})
    assert made.status_code == 201
    assert made.json()["name"] == "The French"
    assert made.json()["rule"] == FRANCE
    address = f"{API}/{made.json()['id']}"
    assert api.get(address).json() == made.json()
    changed = api.patch(address, {"rule": {"all": []}}, content_type="application/json")
    assert (changed.status_code, changed.json()["name"], changed.json()["rule"]) == (200, "The French", {"all": []})
    assert [each["id"] for each in api.get(API).json()["items"]] == [made.json()["id"]]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(API).json() == {"items": [], "next_cursor": None}
    with scope(organisation=acme):
        actions = AuditEntry.objects.filter(target_type="segment").order_by("id")
        assert [entry.action for entry in actions] == ["segment.created", "segment.updated", "segment.archived"]


def test_the_audit_log_keeps_no_value_of_a_rule(api: Client, acme: Organisation) -> None:
    post(api, API, {"name": "One person", "rule": {"field": "email", "op": "eq", "value": "ada@example.org"}})
    with scope(organisation=acme):
        assert "ada" not in str(AuditEntry.objects.get(action="segment.created").details)


def test_a_preview_counts_and_shows_ten_people(api: Client, acme: Organisation) -> None:
    people = [new_contact(acme, f"person{number}@example.org", country="FR") for number in range(12)]
    new_contact(acme, "hans@example.org", country="DE")
    found = post(api, f"{API}/preview", {"rule": FRANCE}).json()
    assert found["count"] == 12
    assert [each["id"] for each in found["sample"]] == [str(each.pk) for each in reversed(people[2:])]
    assert found["sample"][0]["email"] == "person11@example.org"
    assert found["took_ms"] >= 0


def test_a_preview_of_nobody_is_zero(api: Client, ada: Contact) -> None:
    found = post(api, f"{API}/preview", {"rule": {"any": []}}).json()
    assert (found["count"], found["sample"]) == (0, [])


@pytest.mark.parametrize("address", [API, f"{API}/preview"])
def test_a_wrong_rule_is_told_with_its_path(api: Client, address: str) -> None:
    body: dict[str, Any] = {"rule": {"any": [FRANCE, {"not": {"field": "country", "op": "above", "value": "FR"}}]}}
    answer = post(api, address, body if address.endswith("preview") else {"name": "Wrong", **body})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid_rule"
    assert [(each["loc"], each["code"]) for each in problem["errors"]] == [
        (["any", 1, "not", "op"], "unknown_operator")
    ]


def test_two_segments_cannot_have_one_name(api: Client) -> None:
    post(api, API, {"name": "The French", "rule": FRANCE})
    answer = post(api, API, {"name": "The French", "rule": {"all": []}})
    assert (answer.status_code, answer.json()["code"]) == (409, "segment_name_taken")


def test_an_archived_name_is_free_again(api: Client) -> None:
    first = post(api, API, {"name": "The French", "rule": FRANCE}).json()
    api.delete(f"{API}/{first['id']}")
    assert post(api, API, {"name": "The French", "rule": FRANCE}).status_code == 201


def test_a_segment_another_one_refers_to_stays(api: Client) -> None:
    first = post(api, API, {"name": "The French", "rule": FRANCE}).json()
    rule = {"not": {"field": "segment", "op": "in", "value": [first["id"]]}}
    post(api, API, {"name": "The others", "rule": rule})
    answer = api.delete(f"{API}/{first['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "segment_in_use")
    assert "The others" in answer.json()["detail"]


def test_a_segment_in_use_elsewhere_stays(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.segments.uses._uses", {})
    register_use(lambda segment: ["Spring sale"])
    made = post(api, API, {"name": "The French", "rule": FRANCE}).json()
    assert api.delete(f"{API}/{made['id']}").json()["code"] == "segment_in_use"


def test_two_changes_cannot_close_a_circle(api: Client) -> None:
    first = post(api, API, {"name": "A", "rule": FRANCE}).json()
    second = post(api, API, {"name": "B", "rule": {"field": "segment", "op": "eq", "value": first["id"]}}).json()
    rule = {"field": "segment", "op": "eq", "value": second["id"]}
    answer = api.patch(f"{API}/{first['id']}", {"rule": rule}, content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cycle")


@pytest.mark.parametrize("segment_id", ["0", "x", "99999999999999999999", "1%00"])
def test_an_unknown_id_is_not_found(api: Client, segment_id: str) -> None:
    assert api.get(f"{API}/{segment_id}").status_code == 404


def test_another_organisation_sees_nothing(
    api: Client, stranger: User, other: Organisation, acme: Organisation
) -> None:
    new_contact(acme, "ada@example.org", country="FR")
    made = post(api, API, {"name": "The French", "rule": FRANCE}).json()
    theirs = bearer(member_token(stranger, other))
    address = f"{API}/{made['id']}"
    assert theirs.get(address).status_code == 404
    assert theirs.patch(address, {"name": "Mine"}, content_type="application/json").status_code == 404
    assert theirs.delete(address).status_code == 404
    assert theirs.get(API).json()["items"] == []
    assert post(theirs, f"{API}/preview", {"rule": {"all": []}}).json()["count"] == 0
    rule = {"field": "segment", "op": "eq", "value": made["id"]}
    assert post(theirs, f"{API}/preview", {"rule": rule}).status_code == 422


def test_a_viewer_reads_and_does_not_write(viewer: User, acme: Organisation) -> None:
    client = bearer(member_token(viewer, acme))
    assert client.get(API).status_code == 200
    assert post(client, API, {"name": "The French", "rule": FRANCE}).status_code == 403


def test_a_preview_shows_people_only_to_those_who_may_see_them(
    marketer: User, acme: Organisation, ada: Contact
) -> None:
    client = bearer(member_token(marketer, acme, Capability.SEGMENTS_VIEW))
    assert post(client, f"{API}/preview", {"rule": {"all": []}}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"name": "x"}',
        '{"name": "", "rule": {"all": []}}',
        '{"name": "  ", "rule": {"all": []}}',
        '{"name": "a\\u0000b", "rule": {"all": []}}',
        '{"name": "x", "rule": []}',
        '{"name": "x", "rule": {"all": []}, "extra": 1}',
        '{"name": "x", "rule": {"field": "attributes.points", "op": "eq", "value": NaN}}',
        '{"name": "x", "rule": ' + '{"not":' * 3000 + "{}" + "}" * 3001,
    ],
)
def test_bad_input_gets_a_problem_and_nothing_is_written(api: Client, acme: Organisation, body: str) -> None:
    answer = post(api, API, body)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"]
    with scope(organisation=acme):
        assert not Segment.objects.exists()


def test_a_preview_that_takes_too_long_says_so(
    api: Client, acme: Organisation, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subscribers.segments import queries
    from subscribers.segments.compiling import CompiledRule

    slow = CompiledRule("(SELECT pg_sleep(5)) IS NOT NULL", {})
    monkeypatch.setattr(queries, "compile_rule", lambda *_args, **_more: slow)
    monkeypatch.setattr(queries.preview_rule, "__kwdefaults__", {"seconds": 0.05})
    answer = post(api, f"{API}/preview", {"rule": FRANCE})
    assert (answer.status_code, answer.json()["code"]) == (503, "preview_too_slow")
    assert api.get(API).status_code == 200


@pytest.mark.parametrize(
    ("state", "status"), [("draft", 409), ("submitted", 409), ("approved", 204), ("cancelled", 204)]
)
def test_a_segment_stays_while_an_audience_is_prepared_from_it(
    api: Client, acme: Organisation, state: str, status: int
) -> None:
    made = post(api, API, {"name": "The French", "rule": FRANCE}).json()
    with scope(organisation=acme):
        declare(acme)
        Audience.objects.create(
            organisation=acme,
            name="Spring sale",
            segment_id=int(made["id"]),
            purpose=Purpose.objects.get(key="news"),
            channel="email",
            state=state,
            created_at=LONG_AGO,
        )
    answer = api.delete(f"{API}/{made['id']}")
    assert answer.status_code == status
    assert status == 204 or "Spring sale" in answer.json()["detail"]
