"""What may happen to an audience, decided on values alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from consent.audiences.models import AudienceState

CONTACT_FIELDS = (
    "email",
    "phone",
    "external_id",
    "first_name",
    "last_name",
    "language",
    "country",
    "tags",
)
ATTRIBUTE = "attributes."

MAY_FOLLOW: dict[str, frozenset[str]] = {
    AudienceState.DRAFT: frozenset({AudienceState.SUBMITTED, AudienceState.CANCELLED}),
    AudienceState.SUBMITTED: frozenset(
        {AudienceState.APPROVED, AudienceState.REJECTED, AudienceState.CANCELLED, AudienceState.DRAFT}
    ),
    AudienceState.APPROVED: frozenset(
        {AudienceState.HANDED_OFF, AudienceState.COMPLETED, AudienceState.EXPIRED, AudienceState.CANCELLED}
    ),
    AudienceState.HANDED_OFF: frozenset({AudienceState.COMPLETED}),
}


def may_become(state: str, wanted: str) -> bool:
    """Is this step allowed? What has ended stays as it ended."""
    return wanted in MAY_FOLLOW.get(state, frozenset())


def is_own_work(user_id: int | None, makers: Iterable[int | None]) -> bool:
    """Has this user prepared or submitted it? Then somebody else must decide (four eyes)."""
    return user_id is not None and user_id in set(makers)


def is_over(expires_at: datetime | None, now: datetime) -> bool:
    """Has the approval run out?"""
    return expires_at is not None and expires_at <= now


def unknown_fields(fields: Iterable[str], attribute_keys: Collection[str]) -> list[tuple[int, str]]:
    """Position and name of each field that a message can't have: neither of a contact nor declared."""
    known = {*CONTACT_FIELDS, *(f"{ATTRIBUTE}{key}" for key in attribute_keys)}
    return [(position, name) for position, name in enumerate(fields) if name not in known]
