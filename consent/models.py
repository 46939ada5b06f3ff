"""The models of every room of this app, under the app's own label."""

from consent.archive.models import ArchivedEvidence, ArchivedFile, ProofPolicy
from consent.audiences.models import Audience
from consent.collection.models import CollectionPoint, EvidenceFile, FormVersion, SignUp
from consent.ledger.models import ConsentEvent, ConsentState, Evidence, ImportProof
from consent.notices.models import NoticeFile, NoticeVersion
from consent.notices.wagtail_files import NoticeDocument, NoticePicture, NoticeRendition
from consent.notices.wagtail_models import DpoApproval, NoticePage, NoticeRoot
from consent.purposes.models import Purpose, PurposeVersion
from consent.rates.models import CountedOrganisation, CountingState, DailyCount

__all__ = [
    "ArchivedEvidence",
    "ArchivedFile",
    "Audience",
    "CollectionPoint",
    "ConsentEvent",
    "ConsentState",
    "CountedOrganisation",
    "CountingState",
    "DailyCount",
    "DpoApproval",
    "Evidence",
    "EvidenceFile",
    "FormVersion",
    "ImportProof",
    "NoticeDocument",
    "NoticeFile",
    "NoticePage",
    "NoticePicture",
    "NoticeRendition",
    "NoticeRoot",
    "NoticeVersion",
    "ProofPolicy",
    "Purpose",
    "PurposeVersion",
    "SignUp",
]
