"""Writes to a person's own account."""

from django.db import transaction

from portal import audit
from portal.accounts.models import User
from portal.organisations.actors import Actor, ActorKind


def own_account(user: User, *, ip: str | None = None) -> Actor:
    """The actor of somebody who changes their own account, outside any organisation."""
    return Actor(kind=ActorKind.MEMBER, organisation=None, reference=f"user:{user.pk}", user_id=user.pk, ip=ip)


@transaction.atomic
def update_profile(*, actor: Actor, user: User, name: str, language: str) -> User:
    """Change the name and the language a person chose for themselves."""
    user.name = name
    user.language = language
    user.save(update_fields=["name", "language"])
    audit.record(actor=actor, action="profile.updated", target=user)
    return user
