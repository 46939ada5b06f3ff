"""Every operation of the real APIs stands behind its door."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from ninja import NinjaAPI

from portal.accounts.models import User
from portal.api.composition import operations
from portal.api.doors import capability_of
from portal.api.instances import client_api, engine_api, host_api
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from tests.portal.api.conftest import bearer, member_token

pytestmark = pytest.mark.django_db

APIS = {"/api/v1/": client_api, "/api/engine/v1/": engine_api, "/api/host/v1/": host_api}


def addresses(prefix: str, api: NinjaAPI) -> list[tuple[str, str, Capability | None]]:
    """Method, address with an id nobody has, declared scope."""
    return [
        (method, prefix + re.sub(r"\{[^}]*\}", "987654321", path), capability_of(operation))
        for path, operation in operations(api)
        for method in operation.methods
    ]


CLIENT_ADDRESSES = addresses("/api/v1/", client_api)


def ask(client: Client, method: str, address: str) -> int:
    body = b"" if method == "GET" else b"{}"
    return client.generic(method, address, body, "application/json").status_code


def test_every_operation_for_clients_declares_its_scope() -> None:
    assert CLIENT_ADDRESSES
    assert [found for found in CLIENT_ADDRESSES if found[2] is None] == []


@pytest.mark.parametrize("prefix", APIS)
def test_no_operation_answers_without_a_token(prefix: str) -> None:
    client = Client(REMOTE_ADDR="192.0.2.1")
    found = {ask(client, method, address) for method, address, _scope in addresses(prefix, APIS[prefix])}
    assert found <= {401, 429}


def test_no_operation_answers_a_token_that_lacks_its_scope(owner: User, acme: Organisation) -> None:
    one = bearer(member_token(owner, acme, Capability.DASHBOARD_VIEW))
    found = {(method, address): ask(one, method, address) for method, address, _scope in CLIENT_ADDRESSES}
    assert {asked: status for asked, status in found.items() if status != 403} == {}


def test_ids_nobody_has_are_not_found(owner: User, acme: Organisation) -> None:
    client = bearer(member_token(owner, acme))
    wrong = {
        (method, address): status
        for method, address, scope in CLIENT_ADDRESSES
        if "987654321" in address and scope in member_scopes()
        if (status := ask(client, method, address)) not in (404, 422)
    }
    assert wrong == {}


def member_scopes() -> frozenset[Capability]:
    return frozenset(Capability) - {Capability.AUDIENCES_APPROVE}


@pytest.mark.parametrize("prefix", APIS)
def test_every_api_describes_itself(prefix: str) -> None:
    assert Client().get(f"{prefix}openapi.json").json()["openapi"].startswith("3.")
    assert Client().get(f"{prefix}docs").status_code == 200


@pytest.mark.parametrize("address", ["/api/", "/api/v2/contacts", "/api/v1/nowhere", "/api/engine/v2"])
def test_unknown_addresses_are_problems(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
