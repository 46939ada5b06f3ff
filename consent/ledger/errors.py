"""What the ledger refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError


class LedgerInputError(InvalidInputError):
    """One value of a choice is not right; ``loc`` says which."""

    code = "invalid_choice"
    default_loc: tuple[str, ...] = ()

    def __init__(self, *loc: str | int) -> None:
        super().__init__(errors=[FieldProblem(loc or self.default_loc, self.code, self.title)])


class EvidenceRequiredError(LedgerInputError):
    """Who claims an agreement shows it (G 7(1), C-01)."""

    code = "evidence_required"
    title = _("An agreement needs its evidence: how, where and to which words the person agreed.")
    default_loc = ("evidence",)


class InvalidEvidenceError(LedgerInputError):
    code = "invalid_evidence"
    title = _("The evidence must be plain JSON: texts, numbers up to 2^53, lists and objects.")
    default_loc = ("evidence",)


class FutureDateError(LedgerInputError):
    code = "future_date"
    title = _("Nobody has chosen in the future yet. Check the date and its time zone.")
    default_loc = ("occurred_at",)


class BeforeNoticeError(LedgerInputError):
    """An answer can't be older than the text it answers to (E5 §108)."""

    code = "before_notice"
    title = _("This date is before the form and its notice were published: nobody can have answered them then.")
    default_loc = ("occurred_at",)


class InvalidDateError(LedgerInputError):
    """Before anybody kept such records, and before what a calendar in every time zone can hold."""

    code = "invalid_date"
    title = _("This date is before 1900: it cannot be right. Check its year.")
    default_loc = ("occurred_at",)


class UnknownContactError(LedgerInputError):
    code = "unknown_contact"
    title = _("There is no such contact. Create it first.")
    default_loc = ("contact",)


class BasisMismatchError(LedgerInputError):
    """B-13, B-14: a choice is recorded on the basis its purpose has."""

    code = "basis_mismatch"
    title = _("The purpose stands on another basis than the one claimed.")
    default_loc = ("basis",)


class AddressInSourceError(LedgerInputError):
    """An event is kept for ever: what can name a person belongs into the evidence, which can be destroyed."""

    code = "address_in_source"
    title = _("An address can't stand here: it could never be erased. Put it into the evidence.")
    default_loc = ("source",)
