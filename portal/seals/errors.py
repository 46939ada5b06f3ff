"""What is refused about seals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError


class VerificationRunningError(ConflictError):
    code = "verification_running"
    title = _("The seals are being verified already. Wait for that verification to end.")
