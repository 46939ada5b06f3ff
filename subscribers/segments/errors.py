"""What segments refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, DomainError, InvalidInputError


class InvalidRuleError(InvalidInputError):
    """The rule can't be read; each problem's ``loc`` is its path in the rule, such as ``("all", 0, "value")``."""

    code = "invalid_rule"
    title = _("The rule has a mistake.")


class PreviewTooSlowError(DomainError):
    code = "preview_too_slow"
    status = 503
    title = _("Counting takes too long to show it here. Narrow the rule, or try again when less is going on.")


class SegmentNameTakenError(ConflictError):
    code = "segment_name_taken"
    title = _("Another segment has this name. Choose a different one.")


class SegmentInUseError(ConflictError):
    code = "segment_in_use"
    title = _("Something still uses this segment. Take it out there first.")
