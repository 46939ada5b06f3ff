"""Refusals of audiences and their hand-off."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import DomainError


class WrongStateError(DomainError):
    code = "wrong_state"
    status = 409
    title = _("The audience is in another state by now. Open it again to see what can be done.")


class FourEyesError(DomainError):
    code = "four_eyes"
    status = 403
    title = _("Whoever prepared or submitted an audience can't decide on it. Ask another approver.")


class AudienceExpiredError(DomainError):
    code = "audience_expired"
    status = 410
    title = _("The approval of this audience is over. Prepare it again and have it approved again.")


class SnapshotPendingError(DomainError):
    code = "snapshot_pending"
    status = 409
    title = _("The people of this audience are still being counted. Try again in a moment.")
    headers = {"Retry-After": "2"}


class AlreadyClaimedError(DomainError):
    code = "already_claimed"
    status = 409
    title = _("This audience has been claimed already; it is handed to one claimer only.")


class NotClaimedError(DomainError):
    code = "not_claimed"
    status = 409
    title = _("Claim the audience with this credential first.")
