"""What was said of an age and of a parent, and what of it becomes evidence. Pure: limits and moments are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from consent.children.errors import (
    AgeNotAskedError,
    AgeRequiredError,
    ParentAddressRequiredError,
    ParentCheckRequiredError,
    ParentNotNeededError,
    ParentRequiredError,
)
from consent.ledger.errors import BeforeNoticeError, FutureDateError, InvalidDateError
from consent.ledger.rules import CLOCK_SKEW
from subscribers.contacts.values import EARLIEST

PARENT = "parent"  # what an event names as its actor (C-13)
OVER, UNDER = "over", "under"
LONGEST_HOW = 300


class ParentCheck(TextChoices):
    """What was done to see that somebody may agree for the child (K-03; GDPR art. 8(2): reasonable efforts)."""

    SAME_SHEET = "same_sheet", _("Signed on the same sheet as the child")
    SAME_CALL = "same_call", _("Spoke in the same call as the child")
    CALLED_BACK = "called_back", _("Called back")
    IDENTITY_SEEN = "identity_seen", _("Identity document seen")
    ACCOUNT = "account", _("Through the parent's own account")
    OTHER = "other", _("In another way")


@dataclass(frozen=True, kw_only=True)
class Age:
    """What was said of the age: a side of the limit, or a year of birth."""

    under_limit: bool | None = None
    birth_year: int | None = None

    def side(self, limit: int, at: datetime) -> str:
        """``under`` or ``over``, at the moment of the answer. Of a year alone it is not known whether the birthday was
        already: in doubt the person is under the limit.
        """
        if self.birth_year is None:
            return UNDER if self.under_limit else OVER
        if self.birth_year > at.year:
            raise FutureDateError("age", "birth_year")
        return UNDER if at.year - self.birth_year <= limit else OVER


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What is reported of a parent. Without ``check``, ``how`` and ``agreed_at`` they are still to be asked."""

    name: str = ""
    email: str = ""
    phone: str = ""
    check: str = ""
    how: str = ""
    agreed_at: datetime | None = None
    reference: str = ""

    @property
    def is_to_be_asked(self) -> bool:
        return not (self.check or self.how or self.agreed_at)


def require_parent(age: Age | None, parent: Parent | None, *, limit: int | None, at: datetime) -> str:
    """The side of the limit, empty where none is asked; raises what is missing, or too much, beside it.

    ``at``: when the person answered, in the organisation's time zone.
    """
    if not limit:
        if age is not None:
            raise AgeNotAskedError
        if parent is not None:
            raise AgeNotAskedError(PARENT)
        return ""
    if age is None:
        raise AgeRequiredError
    side = age.side(limit, at)
    if side == OVER and parent is not None:
        raise ParentNotNeededError
    if side == UNDER and parent is None:
        raise ParentRequiredError
    return side


def require_agreement(parent: Parent, *, shown_since: datetime | None, now: datetime) -> datetime:
    """When the parent agreed.

    Raises ``parent_check_required``, ``future_date``, ``invalid_date``, ``before_notice``.
    """
    given = {"check": parent.check, "how": parent.how.strip(), "agreed_at": parent.agreed_at}
    missing = [name for name, value in given.items() if not value]
    if missing or parent.agreed_at is None:
        raise ParentCheckRequiredError(*missing)
    if parent.agreed_at > now + CLOCK_SKEW:
        raise FutureDateError(PARENT, "agreed_at")
    if parent.agreed_at < EARLIEST:
        raise InvalidDateError(PARENT, "agreed_at")
    if shown_since is not None and parent.agreed_at < shown_since:
        raise BeforeNoticeError(PARENT, "agreed_at")
    return parent.agreed_at


def require_askable(parent: Parent) -> None:
    if not parent.email:
        # A parent of whom nothing is told can't be asked: what is missing is how they agreed.
        raise ParentAddressRequiredError if parent.name or parent.phone else ParentRequiredError


def age_text(side: str, limit: int | None) -> str:
    """What the evidence says of the age; no year of birth, which no proof of a consent needs (GDPR art. 5(1)(c))."""
    return {OVER: f"{limit} or older, as declared", UNDER: "under the limit"}.get(side, "")


def parental_facts(
    parent: Parent, *, pair: UUID, limit: int | None, entered_by: str, entered_at: datetime
) -> dict[str, str]:
    """What proves the agreement of a parent that somebody reports: who, when, and what was done to check (K-03)."""
    facts = {
        "pair": str(pair),
        "name": parent.name,
        "address": parent.email or parent.phone,
        "age_limit": str(limit),
        "authority_check": parent.check,
        "what_was_done": parent.how.strip(),
        "agreed_at": parent.agreed_at.astimezone(UTC).isoformat() if parent.agreed_at else "",
        "reference": parent.reference,
        "entered_by": entered_by,
        "entered_at": entered_at.isoformat(),
    }
    return {name: value for name, value in facts.items() if value}
