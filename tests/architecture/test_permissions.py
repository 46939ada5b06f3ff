"""Every page stands in the permission table: allowed, denied, and unknown to strangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.organisations.roles import CAPABILITIES, Capability, Role
from tests.people import client_of, new_member

UNKNOWN_ID = 987654321


@dataclass(frozen=True)
class Page:
    path: str
    capability: Capability | None
    host_only: bool


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def filled(route: str, entry: URLPattern) -> str:
    """The address of a page, with the organisation ``acme`` and ids nobody has."""
    path = "/" + route
    for name, converter in entry.pattern.converters.items():
        value = str(UNKNOWN_ID) if isinstance(converter, IntConverter) else "unknown"
        for kind in ("int", "str", "slug", "uuid"):
            path = path.replace(f"<{kind}:{name}>", value)
    return path


def pages(prefix: str) -> list[Page]:
    found = []
    for route, entry in patterns(get_resolver()):
        if not route.startswith(prefix):
            continue
        route = route.replace("<slug:organisation>", "acme", 1)
        view: Any = entry.callback
        found.append(Page(filled(route, entry), getattr(view, "capability", None), hasattr(view, "host_only")))
    return found


MEMBER_PAGES = pages("o/<slug:organisation>/")
HOST_PAGES = pages("host/")


def answer(client: Client, path: str) -> int:
    status = client.get(path).status_code
    return client.post(path).status_code if status == 405 else status


@pytest.fixture
def member(acme: Organisation, request: pytest.FixtureRequest) -> User:
    return new_member(acme, request.param)


def test_every_page_of_an_organisation_names_its_capability() -> None:
    assert MEMBER_PAGES
    assert [page.path for page in MEMBER_PAGES if page.capability is None] == []


def test_every_host_page_is_for_operators_only() -> None:
    assert HOST_PAGES
    assert [page.path for page in HOST_PAGES if not page.host_only] == []


@pytest.mark.django_db
@pytest.mark.parametrize("member", list(Role), indirect=True, ids=list(Role.values))
def test_each_role_enters_what_the_table_allows_and_nothing_else(member: User, request: pytest.FixtureRequest) -> None:
    role = Role(request.node.callspec.params["member"])
    client = client_of(member)
    wrong = []
    for page in MEMBER_PAGES:
        allowed = page.capability in CAPABILITIES[role]
        status = answer(client, page.path)
        if (status == 403) == allowed or status >= 500:
            wrong.append((page.path, status, allowed))
    assert wrong == []


@pytest.mark.django_db
def test_a_stranger_finds_nothing(acme: Organisation, stranger: User) -> None:
    client = client_of(stranger)
    assert [page.path for page in MEMBER_PAGES if answer(client, page.path) != 404] == []


@pytest.mark.django_db
def test_somebody_signed_out_is_asked_to_sign_in(acme: Organisation) -> None:
    for page in MEMBER_PAGES + HOST_PAGES:
        response = Client().get(page.path)
        if response.status_code == 405:
            response = Client().post(page.path)
        assert response.status_code == 302, page.path
        assert response["Location"].startswith("/accounts/login/"), page.path


@pytest.mark.django_db
def test_members_find_no_host_page(owner: User) -> None:
    client = client_of(owner)
    assert [page.path for page in HOST_PAGES if answer(client, page.path) != 404] == []
