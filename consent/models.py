"""The models of every room of this app, under the app's own label."""

from consent.archive.models import ArchivedEvidence, ProofPolicy
from consent.audiences.models import Audience
from consent.ledger.models import ConsentEvent, ConsentState, Evidence, ImportProof
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose

__all__ = [
    "ArchivedEvidence",
    "Audience",
    "ConsentEvent",
    "ConsentState",
    "Evidence",
    "ImportProof",
    "NoticeVersion",
    "ProofPolicy",
    "Purpose",
]
