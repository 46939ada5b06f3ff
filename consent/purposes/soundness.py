"""What must hold for the values of a purpose, with what it stands beside; each check raises what is wrong."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from consent.purposes.errors import (
    BalanceRequiredError,
    ExplicitConsentRequiredError,
    ReasonRequiredError,
    SoftOptInFactsRequiredError,
    TrackingExistsError,
    TrackingNeedsConsentError,
)
from consent.purposes.models import Basis, Kind, Purpose
from consent.purposes.rules import basis_shortcomings
from portal.errors import FieldProblem, InvalidInputError

SHORTCOMINGS = {"soft_opt_in_facts_required": SoftOptInFactsRequiredError, "balance_required": BalanceRequiredError}


def require_sound(purpose: Purpose, at: datetime, *, complete: bool) -> None:
    """What holds for every purpose; with ``complete`` also that the facts of its basis are there."""
    today = at.astimezone(purpose.organisation.zone).date()
    require_balance_of_the_past(purpose, today)
    if purpose.special_category and (purpose.basis != Basis.CONSENT or not purpose.explicit_wording.strip()):
        raise ExplicitConsentRequiredError("explicit_wording" if purpose.basis == Basis.CONSENT else "basis")
    if purpose.is_tracking:
        require_sound_tracking(purpose)
    if (
        purpose.soft_opt_in.get("free_accounts")
        and not str(purpose.soft_opt_in.get("free_accounts_reason", "")).strip()
    ):
        raise ReasonRequiredError("soft_opt_in", "free_accounts_reason")
    if complete:
        require_complete(purpose, today)


def require_sound_tracking(purpose: Purpose) -> None:
    if purpose.basis != Basis.CONSENT:
        raise TrackingNeedsConsentError
    others = Purpose.objects.filter(organisation=purpose.organisation_id, kind=Kind.TRACKING).exclude(pk=purpose.pk)
    if others.exists():
        raise TrackingExistsError


def require_balance_of_the_past(purpose: Purpose, today: date) -> None:
    day = str(purpose.balance.get("date") or "")
    try:
        possible = not day or date.fromisoformat(day) <= today
    except ValueError:
        possible = False
    if not possible:
        raise InvalidInputError.at("balance", "date", code="invalid_date", detail=_("The day must be one of the past."))


def require_complete(purpose: Purpose, today: date) -> None:
    missing = [found for found in basis_shortcomings(purpose, today) if found.missing]
    if missing:
        problems = [FieldProblem(found.loc, found.code, found.detail) for found in missing]
        raise SHORTCOMINGS[missing[0].code](problems)
