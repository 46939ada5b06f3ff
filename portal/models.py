"""The models of every room of this app, under the app's own label."""

from portal.accounts.models import User
from portal.api.models import ApiToken, IdempotencyRecord
from portal.audit.models import AuditEntry
from portal.crypto.models import OrganisationKey
from portal.jobs.models import Job
from portal.mail.models import OutgoingMail
from portal.organisations.models import Invitation, Membership, Organisation, OrganisationLogo
from portal.seals.models import Seal, SealBlock, SealingState, Verification

__all__ = [
    "ApiToken",
    "AuditEntry",
    "IdempotencyRecord",
    "Invitation",
    "Job",
    "Membership",
    "Organisation",
    "OrganisationKey",
    "OrganisationLogo",
    "OutgoingMail",
    "Seal",
    "SealBlock",
    "SealingState",
    "User",
    "Verification",
]
