"""What goes wrong with suppressed addresses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError


class SuppressedError(ConflictError):
    """The address is on the suppression list: it can't come back by a form, an import or the API (O-08)."""

    code = "suppressed"
    title = _("This address is on the suppression list. Only the person can take it off, by a fresh, proved act.")
