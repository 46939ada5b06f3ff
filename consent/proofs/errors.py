"""Why there is no proof, yet or any more."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, NotFoundError


class NotSealedYetError(ConflictError):
    """The event waits for its seal: the next pass of the sealer, or the one after a long transaction."""

    code = "not_sealed_yet"
    title = _("This event is not sealed yet. It will be within a minute or two.")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "60"}


class EventChangedError(ConflictError):
    """The row is not what was sealed: somebody changed it in the database (C-01)."""

    code = "event_changed"
    title = _(
        "This event is not what was sealed: it has been changed in the database. Have the ledger verified, and look "
        "into a backup."
    )


class NoProofError(NotFoundError):
    """Nothing is in force that a proof could show (C-01)."""

    code = "no_proof"
    title = _("There is no proof: no agreement of this person is in force.")
