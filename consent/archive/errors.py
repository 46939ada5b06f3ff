"""Refusals of the archive."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, FieldProblem, InvalidInputError


class ReasonRequiredError(InvalidInputError):
    """The archive is opened, and evidence moved or destroyed, for a reason that is written down (R-06)."""

    code = "reason_required"
    title = _("Write the reason: it is kept in the audit log.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("reason",), self.code, self.title)])


class NotErasedError(ConflictError):
    """Evidence of somebody who is still here backs what they are sent (GDPR art. 7(1))."""

    code = "not_erased"
    title = _("This person is not erased: the evidence still has to show what they agreed to.")
