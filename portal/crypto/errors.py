"""What goes wrong with keys and boxes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import DomainError


class TamperedError(DomainError):
    """A box or a wrapped key does not open: it was changed, cut, or belongs to another place."""

    code = "tampered"
    status = 500
    title = _("Stored data does not open: it was changed, or it is read in the wrong place.")


class UnknownKeyError(DomainError):
    """A key version or master key that this installation does not hold."""

    code = "unknown_key"
    status = 500
    title = _("The key this data was sealed with is missing. Restore it, or add the earlier master key.")
