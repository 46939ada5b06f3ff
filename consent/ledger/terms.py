"""What a purpose asked for when a choice was recorded: double opt-in, and how long an agreement is valid."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scopes_disabled

from consent.ledger.rebuilding import Terms
from consent.purposes.models import Purpose

TermsOf = Callable[[int, "int | None"], Terms]
"""Purpose's id and the version an event names -> its terms."""


def terms_of(organisation_id: int) -> TermsOf:
    """The terms of every purpose of an organisation; of a version that is not kept, those of today."""
    with scopes_disabled():
        rows = Purpose.objects.filter(organisation_id=organisation_id)
        today: dict[int, Terms] = {
            pk: (double_opt_in, days)
            for pk, double_opt_in, days in rows.values_list("pk", "double_opt_in", "valid_for_days")
        }
    return lambda purpose_id, _version: today.get(purpose_id, (False, None))
