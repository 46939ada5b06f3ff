"""The door to every portal page: who may enter, in whose scope, and what a stranger is told (404, as for a typo)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_htmx.middleware import HtmxDetails
from django_scopes import scope, scopes_disabled

from portal.accounts.models import User
from portal.errors import NotFoundError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.client_address import client_address
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability


class MemberRequest(HttpRequest):
    """A request that has passed :func:`member_page`."""

    user: User
    organisation: Organisation
    membership: Membership
    actor: Actor
    htmx: HtmxDetails


class HostRequest(HttpRequest):
    """A request that has passed :func:`host_page`."""

    user: User
    actor: Actor
    htmx: HtmxDetails


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def member_page(capability: Capability) -> Callable[[View], View]:
    """Guard a page under ``/o/<slug:organisation>/``; raises ``not_found`` or ``permission_denied``.

    The slug is taken off the arguments, ``organisation``, ``membership`` and ``actor`` are put on the request, and
    the view runs in the organisation's scope.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, organisation: str, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            membership = membership_of(request.user, organisation)
            entered = cast("MemberRequest", request)
            entered.membership = membership
            entered.organisation = membership.organisation
            entered.actor = Actor.member(membership, ip=client_address(request))
            with scope(organisation=membership.organisation), timezone.override(membership.organisation.zone):
                entered.actor.require(capability)
                return view(entered, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]  # read by the permission table test
        return cast("View", guarded)

    return decorate


def host_page(view: View) -> View:
    """Guard a page under ``/host/``: host operators only; others are told there is nothing (404)."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        user = request.user
        if not user.is_host_operator:
            raise NotFoundError
        entered = cast("HostRequest", request)
        entered.actor = Actor(
            kind=ActorKind.HOST,
            organisation=None,
            reference=f"host:{user.pk}",
            user_id=user.pk,
            ip=client_address(request),
        )
        return view(entered, **kwargs)

    guarded.host_only = True  # type: ignore[attr-defined]  # read by the permission table test
    return cast("View", guarded)


def membership_of(user: User, slug: str) -> Membership:
    """The membership that lets this user in; raises ``not_found`` for strangers and former members alike."""
    with scopes_disabled():
        membership = (
            Membership.objects.select_related("organisation", "user")
            .filter(organisation__slug=slug, user=user, ended_at=None)
            .first()
        )
    if membership is None:
        raise NotFoundError
    return membership
