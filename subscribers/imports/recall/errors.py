"""Why a lot can't be frozen, thawed or deleted."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError


class LotFrozenError(ConflictError):
    code = "lot_frozen"
    title = _("This lot is frozen already.")


class LotNotFrozenError(ConflictError):
    code = "lot_not_frozen"
    title = _("This lot is not frozen. Freeze it first.")


class LotDeletedError(ConflictError):
    code = "lot_deleted"
    title = _("This lot has been deleted already, or is being deleted.")
