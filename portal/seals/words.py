"""What each finding of a verification means, for whoever reads it on a page or in an answer of the API."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from portal.seals.streams import Stream
from portal.ui.components import Text

FINDINGS: Mapping[str, Text] = {
    "row_changed": _("These rows no longer say what was sealed."),
    "row_deleted": _("These rows were sealed and are gone."),
    "row_moved": _("These rows do not stand where they were sealed."),
    "row_inserted": _("These rows stand among sealed ones, and no seal names them."),
    "seal_changed": _("This seal no longer says what was signed."),
    "seal_missing": _("This seal was taken out of the chain."),
    "seal_replaced": _("Another seal stood here when the chain was verified before."),
    "chain_broken": _("This seal names another one before it than stands there."),
    "truncated": _("The chain once reached up to this seal, and no longer does."),
    "signature_invalid": _("The signature of this seal does not fit."),
    "key_unknown": _("No key of the organisation has signed this seal."),
    "block_changed": _("What is stored of the rows of this seal does not lead to what was signed."),
    "block_missing": _("A part of what is stored of the rows of this seal is gone."),
    "sealed_twice": _("A row stands in two seals."),
}


def words_of(stream: Stream, code: str) -> Text:
    """The sentence for a finding, of the stream's own or of any chain; empty for a code nobody knows."""
    return stream.findings.get(code) or FINDINGS.get(code, "")
