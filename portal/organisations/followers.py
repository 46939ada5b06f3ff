"""What other apps do when an organisation is made or somebody's roles change; they sign up in ``AppConfig.ready()``."""

from __future__ import annotations

from collections.abc import Callable

from portal.organisations.models import Membership, Organisation

OrganisationFollower = Callable[[Organisation], None]
MembershipFollower = Callable[[Membership], None]

_organisations: list[OrganisationFollower] = []
_memberships: list[MembershipFollower] = []


def follow_organisations(follower: OrganisationFollower) -> None:
    """Call ``follower`` in the transaction that makes an organisation."""
    if follower not in _organisations:
        _organisations.append(follower)


def follow_memberships(follower: MembershipFollower) -> None:
    """Call ``follower`` in the transaction that gives, changes or ends a membership."""
    if follower not in _memberships:
        _memberships.append(follower)


def organisation_made(organisation: Organisation) -> None:
    for follower in _organisations:
        follower(organisation)


def membership_changed(membership: Membership) -> None:
    for follower in _memberships:
        follower(membership)
