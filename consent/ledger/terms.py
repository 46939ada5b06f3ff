"""What a purpose asked for when a choice was recorded: double opt-in, and how long an agreement is valid."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scopes_disabled

from consent.ledger.rebuilding import Terms
from consent.purposes.models import Purpose, PurposeVersion

TermsOf = Callable[[int, "int | None"], Terms]
"""Purpose's id and the version an event names -> its terms."""


def terms_of(organisation_id: int) -> TermsOf:
    """The terms of every version of every purpose of an organisation; of one that is not kept, those of today."""
    with scopes_disabled():
        rows = Purpose.objects.filter(organisation_id=organisation_id)
        today: dict[int, Terms] = {
            pk: (double_opt_in, days)
            for pk, double_opt_in, days in rows.values_list("pk", "double_opt_in", "valid_for_days")
        }
        versions = PurposeVersion.objects.filter(organisation_id=organisation_id)
        kept: dict[tuple[int, int | None], Terms] = {
            (purpose_id, number): (values["double_opt_in"], values["valid_for_days"])
            for purpose_id, number, values in versions.values_list("purpose_id", "number", "values")
        }

    def terms(purpose_id: int, version: int | None) -> Terms:
        return kept.get((purpose_id, version)) or today.get(purpose_id, (False, None))

    return terms
