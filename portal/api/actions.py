"""Making and revoking tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from portal import audit
from portal.accounts.models import User
from portal.api.models import ApiToken, IdempotencyRecord, TokenKind
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability

MARKS = {TokenKind.MEMBER: "m", TokenKind.ENGINE_LIVE: "e", TokenKind.ENGINE_TEST: "t", TokenKind.HOST: "h"}
SHOWN = 4
BITE = 5000


@dataclass(frozen=True)
class IssuedToken:
    """The row, and the text that is shown once and kept nowhere."""

    token: ApiToken
    secret: str


def secret_hash(text: str) -> bytes:
    """How a token is stored and looked up: SHA-256 of 256 random bits, which nobody can run backwards."""
    return hashlib.sha256(text.encode()).digest()


def new_text(kind: TokenKind) -> tuple[str, str]:
    """A fresh token and the beginning of it that may be shown; scanners know it by ``accord_``."""
    start = f"accord_{MARKS[kind]}_"
    text = start + secrets.token_urlsafe(32)
    return text, text[: len(start) + SHOWN]


@transaction.atomic
def issue_member_token(
    *,
    actor: Actor,
    membership: Membership,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> IssuedToken:
    """A token of a member for ``/api/v1/``.

    Its scopes are among what the member may do; they shrink with the roles.
    """
    actor.require(Capability.TOKENS_MANAGE)
    own = actor.kind == ActorKind.SYSTEM or (actor.user_id == membership.user_id and actor.token_id is None)
    if not own:
        # A token acts as its member: whoever makes one for somebody else could approve what they sent
        # themselves.
        raise PermissionDeniedError(_("You can make tokens for yourself only."))
    wanted = known_scopes(scopes, membership.capabilities)
    return keep_token(
        actor,
        TokenKind.MEMBER,
        name,
        expires_at,
        organisation=membership.organisation,
        membership=membership,
        scopes=wanted,
    )


@transaction.atomic
def issue_engine_token(
    *,
    actor: Actor,
    name: str,
    mode: str,
    organisations: Sequence[Organisation] = (),
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> IssuedToken:
    """A credential of the sending engine: live or test (``mode``), for these organisations (none: all)
    from these networks.
    """
    require_host(actor)
    return keep_token(
        actor,
        TokenKind(f"engine_{mode}"),
        name,
        expires_at,
        bound_organisations=sorted(organisation.pk for organisation in organisations),
        networks=known_networks(networks),
    )


@transaction.atomic
def issue_host_token(
    *, actor: Actor, user: User, name: str, networks: Sequence[str] = (), expires_at: datetime | None = None
) -> IssuedToken:
    """A token of a host operator for ``/api/host/v1/``; it stops working when they are no operator any
    more.
    """
    require_host(actor)
    return keep_token(actor, TokenKind.HOST, name, expires_at, user=user, networks=known_networks(networks))


@transaction.atomic
def revoke_token(*, actor: Actor, token_id: int) -> ApiToken:
    """End a token at once.

    ``not_found`` for a token of another organisation; a second call changes nothing.
    """
    now = timezone.now()
    if actor.organisation is None:
        require_host(actor)
    else:
        actor.require(Capability.TOKENS_MANAGE)
    with scopes_disabled():
        tokens = ApiToken.objects.select_for_update().filter(organisation=actor.organisation)
        token = tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFoundError
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        audit.record(actor=actor, action="token.revoke", target=token, details={"prefix": token.prefix}, at=now)
    return token


def require_host(actor: Actor) -> None:
    if actor.kind not in (ActorKind.HOST, ActorKind.SYSTEM):
        raise PermissionDeniedError


def known_scopes(scopes: Sequence[str], allowed: frozenset[Capability]) -> list[str]:
    """The scopes, sorted; ``invalid_input`` for none, an unknown one, or one the member's roles do not
    have.
    """
    if not scopes:
        raise InvalidInputError.at("scopes", code="missing", detail=_("Choose at least one scope."))
    for scope in scopes:
        if scope not in allowed:
            detail = _("“%(scope)s” is not among what your roles allow.") % {"scope": scope}
            raise InvalidInputError.at("scopes", code="unknown_scope", detail=detail)
    return sorted(set(scopes))


def known_networks(networks: Sequence[str]) -> list[str]:
    try:
        return [str(ip_network(network)) for network in networks]
    except ValueError:
        detail = _("Write networks as 192.0.2.0/24 or 2001:db8::/32.")
        raise InvalidInputError.at("networks", code="invalid_network", detail=detail) from None


def keep_token(actor: Actor, kind: TokenKind, name: str, expires_at: datetime | None, **fields: object) -> IssuedToken:
    """Store and audit; called in the transaction of the action."""
    now = timezone.now()
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= 100:
        raise InvalidInputError.at(
            "name", code="invalid_name", detail=_("Give the token a name of up to 100 characters.")
        )
    if expires_at is not None and expires_at <= now:
        raise InvalidInputError.at("expires_at", code="past", detail=_("Choose a day to come."))
    text, prefix = new_text(kind)
    with scopes_disabled():
        token = ApiToken.objects.create(
            kind=kind,
            name=cleaned,
            prefix=prefix,
            secret_hash=secret_hash(text),
            created_at=now,
            created_by_id=actor.user_id,
            expires_at=expires_at,
            **fields,
        )
    details = {"kind": kind.value, "prefix": prefix, "scopes": token.scopes}
    audit.record(
        actor=actor,
        action="token.issue",
        target=token,
        details=details,
        organisation=token.organisation,
        at=now,
    )
    return IssuedToken(token, text)


def purge_idempotency_records(*, actor: Actor, now: datetime) -> int:
    """Forget the answers older than a day, in bounded bites; the count. Nothing of anybody's changes: no audit."""
    actor.require(Capability.ORGANISATION_EDIT)
    old = IdempotencyRecord.objects.filter(created_at__lt=now - timedelta(hours=24)).order_by("created_at")
    purged = 0
    while deleted := IdempotencyRecord.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BITE])).delete()[0]:
        purged += deleted
    return purged
