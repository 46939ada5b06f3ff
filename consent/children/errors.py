"""What is refused about children and their parents. Nothing is recorded then: neither counts without the other."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError


class ChildInputError(InvalidInputError):
    """``loc`` says which value is missing or wrong."""

    default_loc: tuple[str, ...] = ("parent",)

    def __init__(self, *loc: str) -> None:
        super().__init__(errors=[FieldProblem(loc or self.default_loc, self.code, self.title)])


class AgeRequiredError(ChildInputError):
    code = "age_required"
    title = _("The age is asked here: say whether the person is under the limit (K-01; GDPR art. 8).")
    default_loc = ("age",)


class AgeNotAskedError(ChildInputError):
    """An age or a parent where nobody asks for them would be kept for nothing, or dropped without a word."""

    code = "age_not_asked"
    title = _("The age is not asked here. Switch the question on at the collection point, or leave it out.")
    default_loc = ("age",)


class ParentRequiredError(ChildInputError):
    """France: child and parent together (LIL 45); without the parent's nothing is granted."""

    code = "parent_required"
    title = _(
        "Under the age limit a holder of parental authority agrees as well. Give their agreement, too; nothing was "
        "recorded (K-02; GDPR art. 8; in France LIL art. 45)."
    )


class ParentNotNeededError(ChildInputError):
    """A contradiction: one of the two is a slip."""

    code = "parent_not_needed"
    title = _("A parent is named, but the person is old enough to agree alone. Check the age.")


class ParentCheckRequiredError(ChildInputError):
    code = "parent_check_required"
    title = _(
        "Say how the parent's authority was checked, in a few words, and when the parent agreed (K-03; GDPR art. 8(2))."
    )

    def __init__(self, *missing: str) -> None:
        super().__init__()
        self.errors = tuple(FieldProblem(("parent", name), self.code, self.title) for name in missing)


class ParentAddressRequiredError(ChildInputError):
    code = "parent_address_required"
    title = _("To be asked by a message, the parent needs an e-mail address.")
    default_loc = ("parent", "email")


class ChildAddressRequiredError(ChildInputError):
    """Where the parent is asked by e-mail, both confirm by e-mail, as on a web form."""

    code = "child_address_required"
    title = _(
        "Parent and child each confirm by e-mail, and the child has no address here. Say instead how the parent agreed "
        "and how it was checked."
    )
    default_loc = ("contact", "email")


class SameAddressError(ChildInputError):
    code = "same_address"
    title = _("A parent needs an address of their own: each of you gets a message.")
    default_loc = ("parent", "email")
