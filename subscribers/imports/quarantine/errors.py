"""Why an import is not released."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, InvalidInputError


class SampleIncompleteError(InvalidInputError):
    code = "sample_incomplete"
    title = _("Some rows of the sample have no verdict yet. What you sent is kept; check the others.")


class UnprovenSampleError(ConflictError):
    code = "unproven_sample"
    title = _("A row of the sample is not proven: this import stays in quarantine. It can only be recalled.")


class NotQuarantinedError(ConflictError):
    code = "not_quarantined"
    title = _("This import is not in quarantine.")
