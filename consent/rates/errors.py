"""What a question about rates may not be."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError


class InvalidPeriodError(InvalidInputError):
    code = "invalid_period"
    title = _("A period begins before it ends, after 1900, and holds ten years at most; by day, two.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("query", "from"), self.code, self.title)])


class UnknownCollectionPointError(InvalidInputError):
    code = "unknown_collection_point"
    title = _("There is no such collection point.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("query", "collection_point"), self.code, self.title)])
