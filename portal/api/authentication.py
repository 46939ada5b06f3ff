"""From a bearer token to who calls: one indexed look-up, and everything that may make a token void
checked each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from ninja.security import HttpBearer

from portal.api.actions import secret_hash
from portal.api.errors import InvalidTokenError, UnauthenticatedError
from portal.api.models import ApiToken, TokenKind
from portal.errors import NotFoundError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.client_address import client_address
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

ENGINE_KINDS = frozenset({TokenKind.ENGINE_LIVE, TokenKind.ENGINE_TEST})
LONGEST_TOKEN = 100
USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True)
class EngineCredential:
    """The sending engine as it calls: ``live`` or ``test``, and the organisations it may see (None: all)."""

    token_id: int
    mode: str
    organisation_ids: frozenset[int] | None
    ip: str | None

    @property
    def live(self) -> bool:
        return self.mode == "live"

    def may_see(self, organisation_id: int) -> bool:
        return self.organisation_ids is None or organisation_id in self.organisation_ids

    def actor(self, organisation: Organisation) -> Actor:
        """The engine acting in this organisation; its actions check the kind, it has no member's
        capability.
        """
        return Actor(
            kind=ActorKind.ENGINE,
            organisation=organisation,
            reference=f"engine:{self.token_id}",
            token_id=self.token_id,
            ip=self.ip,
        )

    @contextmanager
    def entering(self, organisation: Organisation) -> Iterator[Actor]:
        """The organisation's scope with the engine as actor; ``not_found`` for one it is not bound to.

        A stream enters it inside its generator: the operation has returned by the time the first row is read.
        """
        if not self.may_see(organisation.pk):
            raise NotFoundError
        with scope(organisation=organisation):
            yield self.actor(organisation)


@dataclass(frozen=True)
class Caller:
    """A token found valid, as what it stands for."""

    token: ApiToken
    actor: Actor
    organisation: Organisation | None = None
    engine: EngineCredential | None = None


class ApiRequest(HttpRequest):
    """A request to ``/api/v1/`` inside an operation: the scope is entered."""

    caller: Caller
    actor: Actor
    organisation: Organisation


class EngineRequest(HttpRequest):
    """A request to ``/api/engine/v1/`` inside an operation: no scope yet, see
    ``EngineCredential.entering``.
    """

    caller: Caller
    engine: EngineCredential


class HostApiRequest(HttpRequest):
    """A request to ``/api/host/v1/`` inside an operation."""

    caller: Caller
    actor: Actor


class BearerToken(HttpBearer):
    """What the OpenAPI description says.

    The door (``portal.api.doors``) does the work before ninja comes to it.
    """

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        return getattr(request, "caller", None)


def bearer_token(request: HttpRequest) -> str:
    """The token in the Authorization header; raises ``unauthenticated`` when there is none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise UnauthenticatedError
    return text.strip()


def authenticated(request: HttpRequest, kinds: frozenset[TokenKind]) -> Caller:
    """Who calls, with a token of one of these kinds; raises ``unauthenticated`` or ``invalid_token``."""
    now = timezone.now()
    ip = client_address(request)
    token = token_in_force(bearer_token(request), kinds, now)
    if not allowed_from(token, ip):
        raise InvalidTokenError
    caller = caller_of(token, ip)
    note_use(token, now)
    return caller


def token_in_force(text: str, kinds: frozenset[TokenKind], now: datetime) -> ApiToken:
    """The row of this token unless it is unknown, of another kind, revoked or expired."""
    if len(text) > LONGEST_TOKEN:
        raise InvalidTokenError
    with scopes_disabled():
        token = (
            ApiToken.objects.select_related("organisation", "membership__user", "membership__organisation", "user")
            .filter(secret_hash=secret_hash(text), kind__in=kinds, revoked_at=None)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .first()
        )
    if token is None:
        raise InvalidTokenError
    return token


def allowed_from(token: ApiToken, ip: str | None) -> bool:
    """Is this a network the token may be used from? A caller without an address passes only where any may."""
    if not token.networks:
        return True
    return ip is not None and any(ip_address(ip) in ip_network(network) for network in token.networks)


def caller_of(token: ApiToken, ip: str | None) -> Caller:
    """What the token stands for today: an ended membership or a former host operator makes it void."""
    if token.kind == TokenKind.MEMBER:
        return member_caller(token, ip)
    if token.kind == TokenKind.HOST:
        return host_caller(token, ip)
    bound = frozenset(token.bound_organisations) or None
    mode = "live" if token.kind == TokenKind.ENGINE_LIVE else "test"
    engine = EngineCredential(token.pk, mode, bound, ip)
    actor = Actor(kind=ActorKind.ENGINE, organisation=None, reference=f"engine:{token.pk}", token_id=token.pk, ip=ip)
    return Caller(token, actor, engine=engine)


def member_caller(token: ApiToken, ip: str | None) -> Caller:
    membership = token.membership
    if membership is None or membership.ended_at is not None or not membership.user.is_active:
        raise InvalidTokenError
    actor = Actor(
        kind=ActorKind.TOKEN,
        organisation=membership.organisation,
        reference=f"token:{token.pk}",
        user_id=membership.user_id,
        token_id=token.pk,
        capabilities=membership.capabilities & known_capabilities(token.scopes),
        ip=ip,
    )
    return Caller(token, actor, organisation=membership.organisation)


def known_capabilities(scopes: list[str]) -> frozenset[Capability]:
    """The scopes as capabilities; a scope that no longer exists allows nothing."""
    known = set(Capability)
    return frozenset(Capability(scope) for scope in scopes if scope in known)


def host_caller(token: ApiToken, ip: str | None) -> Caller:
    user = token.user
    if user is None or not user.is_active or not user.is_host_operator:
        raise InvalidTokenError
    actor = Actor(
        kind=ActorKind.HOST,
        organisation=None,
        reference=f"host:{user.pk}",
        user_id=user.pk,
        token_id=token.pk,
        ip=ip,
    )
    return Caller(token, actor)


def note_use(token: ApiToken, now: datetime) -> None:
    """Write when the token was last used, at most once a minute: a busy token must not mean a write a
    request.
    """
    if token.last_used_at is not None and now - token.last_used_at < USED_RESOLUTION:
        return
    with scopes_disabled():
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
