"""Tokens of the cast, and a client that sends one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.api import rates
from portal.api.actions import issue_engine_token, issue_host_token, issue_member_token
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from tests.people import membership_of

Bearer = Callable[[str], Client]


@pytest.fixture
def sample(settings: Any) -> None:
    """Serve the small APIs of ``sample_urls`` in place of the real ones."""
    settings.ROOT_URLCONF = "tests.portal.api.sample_urls"


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    from django.conf import settings

    server = rates.valkey(settings.ACCORD.valkey_url)
    for key in server.scan_iter("accord:rate:*"):
        server.delete(key)
    rates._away_until = 0.0
    yield


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """What the operations of the sample were called with."""
    from tests.portal.api import sample_urls

    sample_urls.calls.clear()
    yield sample_urls.calls
    sample_urls.calls.clear()


def bearer(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=True)


def member_token(user: User, organisation: Organisation, *scopes: Capability, **values: Any) -> str:
    """A token of this member with these scopes (all that the roles allow when none is named)."""
    membership = membership_of(user, organisation)
    wanted = [scope.value for scope in scopes or membership.capabilities]
    return issue_member_token(
        actor=Actor.system(organisation), membership=membership, name="test", scopes=wanted, **values
    ).secret


@pytest.fixture
def owner_client(owner: User, acme: Organisation) -> Client:
    return bearer(member_token(owner, acme))


@pytest.fixture
def engine_token(acme: Organisation) -> str:
    return issue_engine_token(actor=Actor.system(), mode="live", name="engine", organisations=[acme]).secret


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("operator@host.example", is_host_operator=True)


@pytest.fixture
def host_token(operator: User) -> str:
    return issue_host_token(actor=Actor.system(), user=operator, name="host").secret
