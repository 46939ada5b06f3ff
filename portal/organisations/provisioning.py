"""A client's start: the organisation, its first people, and the credentials programs need."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django_scopes import scope

from portal.accounts.models import User
from portal.api.actions import issue_engine_token, issue_host_token, issue_member_token
from portal.organisations.actions import add_member, create_organisation, invite_member
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability, Role

PROVISIONED = (Role.OWNER, Role.MARKETER, Role.APPROVER, Role.DPO, Role.INTEGRATOR)


def for_organisation(actor: Actor, organisation: Organisation) -> Actor:
    """A host operator or a command that sets a client up: it may manage members there, and the audit names it."""
    return Actor(
        kind=actor.kind,
        organisation=organisation,
        reference=actor.reference,
        user_id=actor.user_id,
        capabilities=frozenset({Capability.MEMBERS_MANAGE, Capability.TOKENS_MANAGE}),
        ip=actor.ip,
    )


@transaction.atomic
def open_organisation(*, actor: Actor, slug: str, name: str, owner: str, locale: str = "en") -> Organisation:
    """Make the organisation and invite its owner."""
    organisation = create_organisation(actor=actor, slug=slug, name=name, locale=locale)
    with scope(organisation=organisation):
        invite_member(
            actor=for_organisation(actor, organisation),
            organisation=organisation,
            email=owner,
            roles=[Role.OWNER],
            language=locale,
        )
    return organisation


@transaction.atomic
def provision(*, slug: str, name: str, owner_email: str = "", base_url: str = "") -> dict[str, Any]:
    """Make or find an organisation with one member a role; the object printed by ``manage.py provision``.

    Idempotent: the same people get fresh passwords and tokens. In production no password is printed or set:
    who is not a member yet is invited, and members' entries have no password.
    """
    actor = Actor(kind=ActorKind.SYSTEM, organisation=None, reference="command:provision")
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        organisation = create_organisation(actor=actor, slug=slug, name=name or slug)
    setting_up = for_organisation(actor, organisation)
    with scope(organisation=organisation):
        members = {
            role.value: provisioned_member(
                setting_up, organisation, role, owner_email if role is Role.OWNER and owner_email else ""
            )
            for role in PROVISIONED
        }
        engine = {
            mode: issue_engine_token(
                actor=actor, mode=mode, name=f"provision {slug}", organisations=[organisation]
            ).secret
            for mode in ("live", "test")
        }
    return {
        "organisation": organisation.slug,
        "base_url": base_url or settings.ACCORD.base_url,
        "members": members,
        "engine": engine,
        "host": provisioned_host(actor),
    }


def provisioned_member(actor: Actor, organisation: Organisation, role: Role, email: str) -> dict[str, str]:
    email = email or f"{role.value}@{organisation.slug}.example"
    if settings.ACCORD.production:
        membership = Membership.objects.filter(user__email=email, ended_at=None).first()
        if membership is None:
            invite_member(actor=actor, organisation=organisation, email=email, roles=[role])
            return {"email": email}
        return {"email": email, "token": member_token(actor, membership, role)}
    user, password = person(email, str(role.label))
    membership = add_member(actor=actor, organisation=organisation, user=user, roles=[role])
    return {"email": email, "password": password, "token": member_token(actor, membership, role)}


def member_token(actor: Actor, membership: Membership, role: Role) -> str:
    scopes = sorted(membership.capabilities)
    return issue_member_token(actor=actor, membership=membership, name=f"provision {role.value}", scopes=scopes).secret


def provisioned_host(actor: Actor) -> dict[str, str]:
    email = "host@accord.example"
    if settings.ACCORD.production:
        operator = User.objects.filter(is_host_operator=True, is_active=True).order_by("pk").first()
        if operator is None:
            return {}
        return {"email": operator.email, "token": issue_host_token(actor=actor, user=operator, name="provision").secret}
    operator, password = person(email, "Host operator")
    User.objects.filter(pk=operator.pk).update(is_host_operator=True)
    return {
        "email": email,
        "password": password,
        "token": issue_host_token(actor=actor, user=operator, name="provision").secret,
    }


def person(email: str, name: str) -> tuple[User, str]:
    """The user with this address and a fresh password."""
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        return User.objects.create_user(email, password, name=name), password
    user.set_password(password)
    user.save(update_fields=["password"])
    return user, password
