"""What goes wrong with contacts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError


class IdentityTakenError(ConflictError):
    """An identity that is to be given to one contact belongs to another."""

    code = "identity_taken"
    title = _("Another contact has this e-mail, phone or external id. Edit that contact, or use another value.")


class IdentitiesConflictError(ConflictError):
    """The identities sent belong to more than one contact; Accord never merges people by itself."""

    code = "identities_conflict"
    title = _("These identities belong to different contacts. Send only those of one person.")
