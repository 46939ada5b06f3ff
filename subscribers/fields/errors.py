"""What goes wrong with fields."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, InvalidInputError


class JustificationRequiredError(InvalidInputError):
    """A field nobody can justify is not collected (I-10, minimisation: G 5(1)(c))."""

    code = "justification_required"
    title = _("Say why the organisation needs this about a person: a field without a reason is not collected.")


class FieldExistsError(ConflictError):
    code = "field_exists"
    title = _("There is a field with this key already. Choose another key, or edit that field.")
