"""What purposes refuse."""

from __future__ import annotations

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
