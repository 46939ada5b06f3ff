"""What can be refused when organisations and their members change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, DomainError


class LastOwnerError(ConflictError):
    code = "last_owner"
    title = _("An organisation needs an owner: make somebody else owner first.")


class AlreadyMemberError(ConflictError):
    code = "already_member"
    title = _("This person is a member already. Change the roles on the list of members.")


class InvitationEndedError(DomainError):
    code = "invitation_ended"
    status = 410
    title = _("This invitation was used, taken back, or is too old. Ask for a new one.")
