"""Who gets through the door of an API, and as whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from portal.accounts.models import User
from portal.api.actions import issue_engine_token
from portal.api.models import ApiToken
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability
from tests.portal.api.conftest import bearer, member_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document, once it is seen to be one."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert (found["status"], found["code"]) == (status, code)
    assert found["type"].endswith(f"#{code}")
    assert found["title"]
    assert found["detail"]
    return dict(found)


def test_without_a_token_nobody_gets_in() -> None:
    response = Client().get("/api/v1/whoami")

    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="accord"'


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "Bearer nonsense", "Bearer " + "x" * 5000])
def test_what_is_no_token_is_refused(header: str) -> None:
    response = Client(headers={"Authorization": header}).get("/api/v1/whoami")

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_acts_for_its_member_in_its_organisation(owner: User, marketer: User, acme: Organisation) -> None:
    response = bearer(member_token(owner, acme, Capability.CONTACTS_VIEW)).get("/api/v1/whoami")

    found = response.json()
    assert found["organisation"] == found["scope"] == "acme"
    assert found["reference"].startswith("token:")
    assert found["user"] == owner.pk
    assert found["may"] == ["contacts.view"]
    assert found["members"] == 2
    assert response["Cache-Control"] == "no-store"


def test_a_request_costs_one_query_for_its_token(
    owner_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner_client.get("/api/v1/whoami")  # the first use in a minute is also written down

    with django_assert_num_queries(2):  # the token, and the count of the operation
        owner_client.get("/api/v1/whoami")


def test_a_scope_that_the_token_lacks_is_named(owner: User, acme: Organisation) -> None:
    response = bearer(member_token(owner, acme, Capability.AUDIT_VIEW)).get("/api/v1/whoami")

    problem(response, 403, "insufficient_scope")
    assert 'scope="contacts.view"' in response["WWW-Authenticate"]


def test_a_token_shrinks_with_the_roles_of_its_member(owner: User, acme: Organisation) -> None:
    client = bearer(member_token(owner, acme))
    with scopes_disabled():
        Membership.objects.filter(user=owner).update(roles=["viewer"])

    problem(client.post("/api/v1/things", {"name": "x"}, "application/json"), 403, "insufficient_scope")


def test_an_operation_that_declares_no_scope_lets_nobody_in(owner_client: Client) -> None:
    problem(owner_client.get("/api/v1/open"), 403, "insufficient_scope")


def test_a_token_stops_when_it_is_revoked_expired_or_its_member_has_left(owner: User, acme: Organisation) -> None:
    now = timezone.now()
    tokens = [member_token(owner, acme) for _n in range(3)]
    with scopes_disabled():
        rows = list(ApiToken.objects.order_by("pk"))
        ApiToken.objects.filter(pk=rows[0].pk).update(revoked_at=now)
        ApiToken.objects.filter(pk=rows[1].pk).update(expires_at=now - timedelta(seconds=1))
    assert [bearer(token).get("/api/v1/whoami").status_code for token in tokens] == [401, 401, 200]

    with scopes_disabled():
        Membership.objects.filter(user=owner).update(ended_at=now)
    problem(bearer(tokens[2]).get("/api/v1/whoami"), 401, "invalid_token")


def test_each_kind_of_token_opens_its_own_api_only(
    owner: User, acme: Organisation, engine_token: str, host_token: str
) -> None:
    tokens = {"/api/v1/whoami": member_token(owner, acme), "/api/engine/v1/mode/acme": engine_token}
    tokens["/api/host/v1/whoami"] = host_token

    for address in tokens:
        for home, token in tokens.items():
            expected = 200 if home == address else 401
            assert bearer(token).get(address).status_code == expected, (address, home)


def test_the_engine_enters_only_the_organisations_it_is_bound_to(
    engine_token: str, acme: Organisation, other: Organisation
) -> None:
    everywhere = issue_engine_token(actor=Actor.system(), mode="test", name="all").secret

    found = bearer(engine_token).get("/api/engine/v1/mode/acme").json()
    assert found["mode"] == "live"
    assert found["scope"] == "acme"
    assert found["actor"].startswith("engine:")
    problem(bearer(engine_token).get("/api/engine/v1/mode/other"), 404, "not_found")
    assert bearer(everywhere).get("/api/engine/v1/mode/other").json()["mode"] == "test"


def test_an_engine_token_is_good_from_its_networks_only(acme: Organisation, settings: Settings) -> None:
    token = issue_engine_token(actor=Actor.system(), mode="live", name="e", networks=["192.0.2.0/24"]).secret
    client = bearer(token)
    address = "/api/engine/v1/mode/acme"

    assert client.get(address, REMOTE_ADDR="192.0.2.9").status_code == 200
    problem(client.get(address, REMOTE_ADDR="198.51.100.1"), 401, "invalid_token")
    forged = {"HTTP_X_FORWARDED_FOR": "192.0.2.9", "REMOTE_ADDR": "198.51.100.1"}
    problem(client.get(address, **forged), 401, "invalid_token")
    settings.ACCORD = replace(settings.ACCORD, trusted_proxies=("198.51.100.0/24",))
    assert client.get(address, **forged).status_code == 200


def test_a_host_token_ends_with_the_operators_rights(host_token: str, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_host_operator=False)

    problem(bearer(host_token).get("/api/host/v1/whoami"), 401, "invalid_token")


def test_the_last_use_is_written_at_most_once_a_minute(owner: User, acme: Organisation) -> None:
    client = bearer(member_token(owner, acme))
    client.get("/api/v1/whoami")
    with scopes_disabled():
        first = ApiToken.objects.get().last_used_at
        client.get("/api/v1/whoami")
        assert ApiToken.objects.get().last_used_at == first
        ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
        client.get("/api/v1/whoami")
        assert ApiToken.objects.get().last_used_at > first


def test_input_that_does_not_fit_is_told_where_and_why(owner_client: Client) -> None:
    response = owner_client.post("/api/v1/things", {"size": "huge", "email": "ada at example"}, "application/json")

    found = problem(response, 422, "invalid_input")
    assert {(tuple(error["loc"]), error["code"]) for error in found["errors"]} == {
        (("name",), "missing"),
        (("size",), "int_parsing"),
        (("email",), "value_error"),
    }
    assert b"ada at example" not in response.content


def test_a_refusal_of_the_domain_keeps_its_code_and_places(owner_client: Client) -> None:
    problem(owner_client.post("/api/v1/things", {"name": "taken"}, "application/json"), 409, "conflict")
    found = problem(owner_client.post("/api/v1/things", {"name": "wrong"}, "application/json"), 422, "invalid_input")
    assert found["errors"] == [{"loc": ["name"], "code": "wrong_name", "detail": "Another name, please."}]


def test_a_fault_of_ours_says_nothing_of_itself(owner_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = owner_client.post("/api/v1/things", {"name": "broken"}, "application/json")

    problem(response, 500, "internal_error")
    assert b"ada@example.org" not in response.content
    assert b"Traceback" not in response.content


def test_a_body_that_is_no_json_is_told_so(owner_client: Client) -> None:
    for body in (b"{", b"\xff\xfe", b"\x00"):
        problem(owner_client.post("/api/v1/things", body, "application/json"), 400, "invalid_json")


@pytest.mark.parametrize(
    "address", ["/api/v1/nowhere", "/api/v1/", "/api/engine/v1/x", "/api/host/v1/x/y", "/api/v1/things/"]
)
def test_an_unknown_address_is_a_problem(address: str) -> None:
    problem(Client().get(address), 404, "not_found")


def test_a_method_an_address_does_not_know_is_a_problem(owner_client: Client) -> None:
    response = owner_client.delete("/api/v1/things")

    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST"


def test_an_upload_above_the_limit_is_refused_by_its_length(owner_client: Client) -> None:
    response = owner_client.generic(
        "POST", "/api/v1/things", b"{}", "application/json", headers={"Content-Length": str(10**13)}
    )

    problem(response, 413, "payload_too_large")


def test_a_body_in_chunks_is_refused_instead_of_read_as_empty(owner_client: Client) -> None:
    sent = {"Transfer-Encoding": "chunked"}
    response = owner_client.generic("POST", "/api/v1/things", b"", "application/json", headers=sent, CONTENT_LENGTH="")

    problem(response, 411, "length_required")


def test_a_body_too_large_for_memory_is_refused(owner_client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    problem(owner_client.post("/api/v1/things", {"name": "x" * 20}, "application/json"), 413, "payload_too_large")
