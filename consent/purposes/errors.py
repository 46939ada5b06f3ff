"""What purposes refuse."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, FieldProblem, InvalidInputError


class KeyTakenError(ConflictError):
    code = "key_taken"
    title = _("There is a purpose with this key already. Choose another key.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("key",), self.code, self.title)])


class BasisInUseError(ConflictError):
    """B-14: a basis is never swapped under choices that were made on another."""

    code = "basis_in_use"
    title = _("People have chosen on this basis already. Create another purpose for the new basis.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("basis",), self.code, self.title)])


class UnknownPurposeError(InvalidInputError):
    code = "unknown_purpose"
    title = _("There is no purpose with this key. The purposes page lists the keys.")

    def __init__(self, *loc: str | int) -> None:
        super().__init__(errors=[FieldProblem(loc or ("purpose",), self.code, self.title)])


class ChannelNotOfferedError(InvalidInputError):
    """B-13: a purpose is used on the channels it names and on no other."""

    code = "channel_not_offered"
    title = _("This purpose does not use that channel. Add the channel to the purpose first.")

    def __init__(self, *loc: str | int) -> None:
        super().__init__(errors=[FieldProblem(loc or ("channel",), self.code, self.title)])


class PurposeInputError(InvalidInputError):
    """One value of a purpose is not right; ``loc`` says which."""

    code = "invalid_purpose"
    default_loc: tuple[str, ...] = ()

    def __init__(self, *loc: str | int) -> None:
        super().__init__(errors=[FieldProblem(loc or self.default_loc, self.code, self.title)])


class ShortcomingsError(InvalidInputError):
    """The facts that the basis demands are not all there: soft opt-in (B-03), the balance of interests (B-06)."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(errors=problems)


class SoftOptInFactsRequiredError(ShortcomingsError):
    code = "soft_opt_in_facts_required"
    title = _("Soft opt-in needs its facts: each one that is missing is named.")


class BalanceRequiredError(ShortcomingsError):
    code = "balance_required"
    title = _("Legitimate interest needs its balance: the day, who weighed it, and what was weighed.")


class InvalidParentError(PurposeInputError):
    code = "invalid_parent"
    title = _("A purpose is shown below another that is itself below none. Choose such a one.")
    default_loc = ("parent",)


class TrackingNeedsConsentError(PurposeInputError):
    """B-09 to B-12: opens and clicks are recorded with consent, of its own, also at work."""

    code = "tracking_needs_consent"
    title = _("Opens and clicks are recorded on consent only, never on another basis.")
    default_loc = ("basis",)


class TrackingExistsError(ConflictError):
    code = "tracking_exists"
    title = _("There is a purpose for opens and clicks already. People choose about it once.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("kind",), self.code, self.title)])


class TrackingIsNoMessageError(PurposeInputError):
    code = "tracking_is_no_message"
    title = _("Nobody is written to for the sake of tracking. Choose a purpose of messages.")
    default_loc = ("purpose",)


class ExplicitConsentRequiredError(PurposeInputError):
    """C-14, G 9(2)(a)."""

    code = "explicit_consent_required"
    title = _("Special categories of data need explicit consent: the basis is consent, with its own explicit wording.")
    default_loc = ("explicit_wording",)


class ReasonRequiredError(PurposeInputError):
    code = "reason_required"
    title = _("Say why, in writing.")
    default_loc = ("reason",)


class MaterialAnswerRequiredError(PurposeInputError):
    """C-10."""

    code = "material_answer_required"
    title = _("People have agreed to the words as they were. Say whether this changes what they agreed to.")
    default_loc = ("material",)
