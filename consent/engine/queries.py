"""What the engine reads besides recipients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django_scopes import scopes_disabled

from consent.audiences.models import Audience, AudienceState
from consent.engine.sql import SEEDS_AMONG
from consent.gate import NOT_FOUND, check
from consent.links import LinkKind, read_token
from consent.purposes.models import Purpose
from consent.purposes.queries import tracking_purpose
from portal.api.authentication import EngineCredential
from portal.errors import InvalidInputError, NotFoundError
from portal.organisations.models import Organisation

LARGEST_ID = 2**63 - 1
CLAIMED = "claimed"


def engine_audiences(credential: EngineCredential, state: str, *, now: datetime) -> QuerySet[Audience]:
    """Audiences this credential may see: those to claim (``approved``), or its own in another state.

    A test credential sees test audiences only, a live one live audiences only. Index: audiences_for_engine.
    """
    found = Audience.objects.select_related("organisation", "purpose").defer("snapshot")
    found = found.filter(test=not credential.live)
    if credential.organisation_ids is not None:
        found = found.filter(organisation_id__in=credential.organisation_ids)
    if state == AudienceState.APPROVED:
        return found.filter(state=state, claimed_at=None, expires_at__gt=now)
    mine = found.filter(claimed_by_id=credential.token_id)
    if state == CLAIMED:
        return mine.filter(state=AudienceState.APPROVED, expires_at__gt=now)
    if state in (AudienceState.HANDED_OFF, AudienceState.COMPLETED):
        return mine.filter(state=state)
    raise InvalidInputError.at("state", code="invalid_value", detail="approved, claimed, handed_off or completed")


def audience_for(credential: EngineCredential, audience_id: str) -> Audience:
    """One audience of the credential's own world, whatever its state; raises ``not_found`` for all others."""
    number = row_number(audience_id)
    if number is None:
        raise NotFoundError
    with scopes_disabled():
        audience = (
            Audience.objects.select_related("organisation", "purpose")
            .filter(pk=number, test=not credential.live)
            .first()
        )
    if audience is None or not credential.may_see(audience.organisation_id):
        raise NotFoundError
    return audience


def organisation_for(credential: EngineCredential, slug: str) -> Organisation:
    """The organisation with this slug, if the credential is not bound to others; raises ``not_found``."""
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None or not credential.may_see(organisation.pk):
        raise NotFoundError
    return organisation


@dataclass(frozen=True)
class Verdicts:
    """Ids as the engine sent them."""

    allowed: list[str] = field(default_factory=list)
    denied: dict[str, str] = field(default_factory=dict)


def verdicts(
    credential: EngineCredential,
    organisation: Organisation,
    purpose: Purpose,
    channel: str,
    contacts: Sequence[str],
    *,
    now: datetime,
) -> Verdicts:
    """May these be written to now? To a test credential everybody but the seed contacts is ``not_found``."""
    numbers = {text: row_number(text) for text in contacts}
    ids = {number for number in numbers.values() if number is not None}
    if not credential.live:
        ids = seeds_among(organisation.pk, ids)
    found = check(organisation, purpose, channel, sorted(ids), now=now)
    allowed = set(found.allowed)
    return Verdicts(
        allowed=[text for text, number in numbers.items() if number in allowed],
        denied={
            text: found.denied.get(number, NOT_FOUND) if number is not None else NOT_FOUND
            for text, number in numbers.items()
            if number not in allowed
        },
    )


def may_track(credential: EngineCredential, token: str, *, now: datetime) -> bool:
    """Has the person behind this link agreed to the tracking of opens and clicks, and not withdrawn it since?

    Raises ``invalid_link`` for a token we did not write, ``not_found`` for one of another organisation.
    """
    target = read_token(token)
    organisation = Organisation.objects.filter(pk=target.organisation_id).first()
    if target.kind != LinkKind.CHOICE or organisation is None or not credential.may_see(organisation.pk):
        raise NotFoundError
    with credential.entering(organisation):
        purpose = tracking_purpose(organisation.pk, target.channel)
        ids = {target.contact_id} if credential.live else seeds_among(organisation.pk, {target.contact_id})
        return purpose is not None and bool(check(organisation, purpose, target.channel, ids, now=now).allowed)


def seeds_among(organisation_id: int, ids: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(SEEDS_AMONG, {"organisation": organisation_id, "ids": list(ids)})
        return {contact_id for (contact_id,) in cursor.fetchall()}


def row_number(text: str) -> int | None:
    """The number in an opaque id; None for what can't be one of ours."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
