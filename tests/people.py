"""The cast of the tests: two organisations, the members of the first, a stranger, and a few contacts.

Fixtures come by name (``tests/conftest.py`` loads this module as a plugin); the plain functions are imported:
``from tests.people import actor_of, client_of, new_contact``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django_scopes import scope, scopes_disabled

from portal.accounts.models import User
from portal.api.actions import issue_member_token
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Role
from subscribers.contacts.models import Contact, Origin
from subscribers.contacts.normalising import normalise_email

PASSWORD = "a long enough password"
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def new_organisation(slug: str, **values: Any) -> Organisation:
    return Organisation.objects.create(slug=slug, name=values.pop("name", slug.capitalize()), **values)


def new_member(organisation: Organisation, *roles: Role, name: str = "") -> User:
    """A user with these roles; the address is ``<name or first role>@<slug>.example``."""
    email = f"{name or roles[0].value}@{organisation.slug}.example"
    user = User.objects.create_user(email=email, password=PASSWORD, name=(name or roles[0].value).capitalize())
    with scopes_disabled():
        Membership.objects.create(organisation=organisation, user=user, roles=[role.value for role in roles])
    return user


def membership_of(user: User, organisation: Organisation) -> Membership:
    with scopes_disabled():
        return Membership.objects.select_related("organisation", "user").get(user=user, organisation=organisation)


def actor_of(user: User, organisation: Organisation) -> Actor:
    """The actor this member is when signed in."""
    return Actor.member(membership_of(user, organisation), ip="192.0.2.10")


def client_of(user: User) -> Client:
    """A signed-in browser without script."""
    client = Client()
    client.force_login(user)
    return client


@dataclass
class Api:
    """A client system with one token; answers are Django's, ``.json()`` and ``lines_of(answer)`` read them."""

    token: str
    base: str = "/api/v1"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        arguments: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}", **headers}}
        if isinstance(body, str | bytes):
            arguments |= {"data": body, "content_type": "application/x-ndjson"}
        elif body is not None:
            arguments |= {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(Client(), method)(self.base + path, **arguments)

    def get(self, path: str) -> Any:
        return self.call("get", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("post", path, body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("patch", path, body)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("put", path, body, **headers)

    def delete(self, path: str) -> Any:
        return self.call("delete", path)


def api_of(user: User, organisation: Organisation) -> Api:
    """A client system of this member, with all that the member may do."""
    membership = membership_of(user, organisation)
    system = Actor.system(organisation)
    with scope(organisation=organisation):
        scopes = [capability.value for capability in membership.capabilities]
        return Api(issue_member_token(actor=system, membership=membership, name="Test", scopes=scopes).secret)


def lines_of(answer: HttpResponse) -> list[dict[str, Any]]:
    """The lines of an NDJSON answer."""
    text = b"".join(answer) if answer.streaming else answer.content
    return [json.loads(line) for line in text.splitlines()]


def new_contact(organisation: Organisation, email: str | None = None, **values: Any) -> Contact:
    """A contact written straight to the table, as it would be after a write through an action."""
    if email is not None:
        values["email"], values["email_key"] = normalise_email(email)
    at = values.pop("at", LONG_AGO)
    values = {"origin": Origin.OWN_FORM, "created_at": at, "updated_at": at, **values}
    with scope(organisation=organisation):
        return Contact.objects.create(organisation=organisation, **values)


@pytest.fixture
def acme(db: None) -> Organisation:
    return new_organisation("acme", name="Acme")


@pytest.fixture
def other(db: None) -> Organisation:
    """Another client of the same host: nothing of acme may be seen from here."""
    return new_organisation("other", name="Other")


@pytest.fixture
def in_acme(acme: Organisation) -> Iterator[Organisation]:
    """Run the test in acme's scope."""
    with scope(organisation=acme):
        yield acme


@pytest.fixture
def owner(acme: Organisation) -> User:
    return new_member(acme, Role.OWNER)


@pytest.fixture
def marketer(acme: Organisation) -> User:
    return new_member(acme, Role.MARKETER)


@pytest.fixture
def approver(acme: Organisation) -> User:
    return new_member(acme, Role.APPROVER)


@pytest.fixture
def dpo(acme: Organisation) -> User:
    return new_member(acme, Role.DPO)


@pytest.fixture
def integrator(acme: Organisation) -> User:
    return new_member(acme, Role.INTEGRATOR)


@pytest.fixture
def viewer(acme: Organisation) -> User:
    return new_member(acme, Role.VIEWER)


@pytest.fixture
def stranger(other: Organisation) -> User:
    """The owner of the other organisation: everything allowed there, nothing here."""
    return new_member(other, Role.OWNER, name="stranger")


@pytest.fixture
def ada(acme: Organisation) -> Contact:
    """Known by all three identities, French, tagged."""
    return new_contact(
        acme,
        "Ada.Martin@example.org",
        phone="+33612345678",
        external_id="C-1001",
        first_name="Ada",
        last_name="Martin",
        language="fr",
        country="FR",
        tags=["vip"],
    )


@pytest.fixture
def ben(acme: Organisation) -> Contact:
    """Known by an address alone, German."""
    return new_contact(acme, "ben@example.net", first_name="Ben", last_name="Schmidt", language="de", country="DE")


@pytest.fixture
def cleo(acme: Organisation) -> Contact:
    """Known by a phone alone."""
    return new_contact(acme, phone="+33698765432", first_name="Cleo", last_name="Marchand", country="FR")


@pytest.fixture
def ada_elsewhere(other: Organisation) -> Contact:
    """The same person in the other organisation: another row, another consent."""
    return new_contact(other, "ada.martin@example.org", first_name="Ada", last_name="Martin", country="FR")
