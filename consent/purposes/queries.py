"""Reads of purposes."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q, QuerySet

from consent.purposes.errors import ChannelNotOfferedError, UnknownPurposeError
from consent.purposes.models import Kind, Purpose, PurposeVersion
from portal.errors import NotFoundError
from portal.organisations.models import Organisation

# A state per person, purpose and channel exists as soon as an event does; its index finds one in a moment, where
# the events have none by purpose. Reverted imports keep their (empty) states, so this errs on the side of "used".
ANY_STATE = """
SELECT EXISTS (
    SELECT FROM consent_consentstate
    WHERE organisation_id = %(organisation)s AND purpose_id = %(purpose)s
)
"""


def purpose_by_key(organisation: Organisation, key: str) -> Purpose:
    """The purpose with this key; ``not_found`` otherwise."""
    known = Purpose.objects.select_related("organisation", "parent", "replaces")
    purpose = known.filter(organisation=organisation, key=key).first()
    if purpose is None:
        raise NotFoundError
    return purpose


def named_purpose(organisation: Organisation, key: str, *loc: str | int) -> Purpose:
    """The purpose that input names at ``loc``; ``unknown_purpose`` (422) otherwise."""
    purpose = Purpose.objects.filter(organisation=organisation, key=key).first()
    if purpose is None:
        raise UnknownPurposeError(*loc)
    return purpose


def has_purpose(organisation_id: int, key: str) -> bool:
    """Whether the organisation has a purpose with this key."""
    return Purpose.objects.filter(organisation=organisation_id, key=key).exists()


def require_channel(purpose: Purpose, channel: str, *loc: str | int) -> None:
    """Raise ``channel_not_offered`` (422) unless the purpose uses this channel (B-13)."""
    if channel not in purpose.channels:
        raise ChannelNotOfferedError(*loc)


def has_events(purpose: Purpose) -> bool:
    """True once anybody has chosen about this purpose."""
    with connection.cursor() as cursor:
        cursor.execute(ANY_STATE, {"organisation": purpose.organisation_id, "purpose": purpose.pk})
        return bool(cursor.fetchone()[0])


def purposes_of(organisation: Organisation, *, search: str = "", basis: str = "") -> QuerySet[Purpose]:
    """The organisation's purposes with the one each is shown below; by words of name or key, and by basis."""
    found = Purpose.objects.filter(organisation=organisation).select_related("parent")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(key__icontains=search))
    return found.filter(basis=basis) if basis else found


def versions_of(purpose: Purpose) -> QuerySet[PurposeVersion]:
    """Everything the purpose has said, oldest first."""
    return PurposeVersion.objects.filter(organisation=purpose.organisation_id, purpose=purpose).order_by("number")


def tracking_purpose(organisation_id: int, channel: str) -> Purpose | None:
    """The purpose of opens and clicks, where it is used on this channel (B-09). Index: one_tracking_purpose."""
    found = Purpose.objects.filter(organisation=organisation_id, kind=Kind.TRACKING).first()
    return found if found is not None and channel in found.channels else None
