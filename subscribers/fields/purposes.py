"""The purposes a field may serve: the app above that keeps purposes says which there are, when it starts."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem

Known = Callable[[int, str], bool]
_known: list[Known] = []


def register_purposes(known: Known) -> None:
    """``known(organisation_id, key)`` answers whether the organisation has such a purpose."""
    _known[:] = [known]


def purpose_problems(organisation_id: int, key: str) -> list[FieldProblem]:
    if not key or any(known(organisation_id, key) for known in _known):
        return []
    return [FieldProblem(("purpose",), "unknown_purpose", _("There is no such purpose."))]
