"""Tokens: made by a member for themselves, shown once, kept as a hash, revoked at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.accounts.models import User
from portal.api.actions import issue_engine_token, issue_member_token, revoke_token
from portal.api.models import ApiToken
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.people import actor_of, client_of, membership_of

pytestmark = pytest.mark.django_db


def issue(user: User, organisation: Organisation, **values: Any) -> Any:
    values = {"name": "Shop", "scopes": ["contacts.view"], **values}
    return issue_member_token(
        actor=actor_of(user, organisation), membership=membership_of(user, organisation), **values
    )


def test_only_the_hash_of_a_token_is_kept(integrator: User, acme: Organisation) -> None:
    issued = issue(integrator, acme)

    with scopes_disabled():
        row = ApiToken.objects.get()
        entry = AuditEntry.objects.get(action="token.issue")
    assert issued.secret.startswith("accord_m_")
    assert len(issued.secret) == len("accord_m_") + 43
    assert bytes(row.secret_hash) == hashlib.sha256(issued.secret.encode()).digest()
    assert issued.secret.startswith(row.prefix)
    assert len(row.prefix) == len("accord_m_") + 4
    assert issued.secret not in str(entry.details)
    assert entry.organisation_id == acme.pk


def test_a_role_without_the_capability_makes_no_token(marketer: User, acme: Organisation) -> None:
    with pytest.raises(PermissionDeniedError):
        issue(marketer, acme)


def test_nobody_makes_a_token_that_acts_as_somebody_else(owner: User, approver: User, acme: Organisation) -> None:
    with pytest.raises(PermissionDeniedError):
        issue_member_token(
            actor=actor_of(owner, acme),
            membership=membership_of(approver, acme),
            name="x",
            scopes=["audiences.approve"],
        )


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["nonsense"]}, "scopes"),
        ({"scopes": ["audiences.approve"]}, "scopes"),  # an integrator may not approve
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    integrator: User, acme: Organisation, values: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        issue(integrator, acme, **values)
    assert refusal.value.errors[0].loc == (place,)


def test_members_make_no_engine_tokens(owner: User, acme: Organisation) -> None:
    with pytest.raises(PermissionDeniedError):
        issue_engine_token(actor=actor_of(owner, acme), mode="live", name="x")
    with pytest.raises(InvalidInputError):
        issue_engine_token(actor=Actor.system(), mode="live", name="x", networks=["here"])


def test_a_token_is_revoked_once_and_by_its_own_organisation(
    owner: User, integrator: User, stranger: User, acme: Organisation, other: Organisation
) -> None:
    token = issue(integrator, acme).token
    with pytest.raises(NotFoundError):
        revoke_token(actor=actor_of(stranger, other), token_id=token.pk)

    first = revoke_token(actor=actor_of(owner, acme), token_id=token.pk)
    second = revoke_token(actor=actor_of(owner, acme), token_id=token.pk)

    assert first.revoked_at == second.revoked_at is not None
    with scopes_disabled():
        assert AuditEntry.objects.filter(action="token.revoke").count() == 1


def test_the_page_shows_a_new_token_once(integrator: User, acme: Organisation) -> None:
    browser = client_of(integrator)

    form = browser.get("/o/acme/tokens/new/")
    made = browser.post("/o/acme/tokens/new/", {"name": "Shop", "scopes": ["contacts.view"]})
    listed = browser.get("/o/acme/tokens/")

    assert form.status_code == 200
    assert made.status_code == 201
    secret = made.context["issued"].secret
    assert secret in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert secret not in listed.content.decode()
    assert made.context["issued"].token.prefix in listed.content.decode()


def test_the_page_says_what_is_missing(integrator: User, acme: Organisation) -> None:
    response = client_of(integrator).post("/o/acme/tokens/new/", {"name": ""})

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name", "scopes"}


def test_the_page_asks_before_it_revokes(integrator: User, acme: Organisation) -> None:
    token = issue(integrator, acme).token
    browser = client_of(integrator)

    assert browser.get(f"/o/acme/tokens/{token.pk}/revoke/").status_code == 200
    with scopes_disabled():
        assert ApiToken.objects.get().revoked_at is None
    assert browser.post(f"/o/acme/tokens/{token.pk}/revoke/").status_code == 302
    with scopes_disabled():
        assert ApiToken.objects.get().revoked_at is not None


def test_the_page_is_not_for_everybody(marketer: User, stranger: User, acme: Organisation) -> None:
    for address in ("/o/acme/tokens/", "/o/acme/tokens/new/"):
        assert client_of(marketer).get(address).status_code == 403
        assert client_of(stranger).get(address).status_code == 404
