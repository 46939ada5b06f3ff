"""What collection points refuse."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, DomainError, FieldProblem, InvalidInputError


class PointExistsError(ConflictError):
    code = "point_exists"
    title = _("There is a collection point with this key already. Choose another key.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("key",), self.code, self.title)])


class NotPublishableError(InvalidInputError):
    """Each of ``errors`` names the requirement or article that stands in the way."""

    code = "not_publishable"
    title = _("This collection point can't be published yet. Mend what is listed, then publish again.")

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        super().__init__(errors=errors)


class PointNotLiveError(ConflictError):
    code = "point_not_live"
    title = _("This collection point is not live. Publish it first.")


class FormClosedError(DomainError):
    code = "form_closed"
    status = 410
    title = _("This form is closed. Nothing was recorded.")


class StaleFormError(ConflictError):
    code = "stale_form"
    title = _(
        "This form has changed, or was open for more than a day. Read it again, then send it. Nothing was recorded."
    )


class ProofOfWorkRequiredError(InvalidInputError):
    code = "proof_of_work_required"
    title = _("Your browser has not done the small calculation that keeps robots out. Nothing was recorded.")


class WaitLongerError(InvalidInputError):
    code = "wait_longer"
    title = _("That was quick. Please wait ten seconds, then press the button again. Nothing was recorded yet.")


class AlreadySentError(ConflictError):
    code = "already_sent"
    title = _("This form was sent already. Open it again to send another answer.")


class WrongOriginError(DomainError):
    code = "wrong_origin"
    status = 403
    title = _("This site may not send to this form. Its owner can allow it.")


class WrongKindError(ConflictError):
    code = "wrong_kind"
    title = _("This collection point is of another kind. Use one made for this way of asking.")


class NothingChosenError(InvalidInputError):
    code = "nothing_chosen"
    title = _("Choose at least one thing. If you want none of them, just leave this page.")


class InvalidConfirmationError(DomainError):
    code = "invalid_confirmation"
    status = 404
    title = _("This link is not complete. Open it again from the message, or copy it in full.")
