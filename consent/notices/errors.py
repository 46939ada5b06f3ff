"""What can be refused about notices."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from consent.notices.lint import Finding
from portal.errors import ConflictError, DomainError, FieldProblem, InvalidInputError, type_of_text


class NoticeExistsError(ConflictError):
    code = "notice_exists"
    title = _("There is a notice with this key already. Choose another key, or edit that notice.")


class NoticeStateError(ConflictError):
    code = "notice_state"
    title = _("The notice is in another state by now. Open it again to see what can be done.")


class NoticeWaitingError(NoticeStateError):
    code = "notice_waiting"
    title = _("This text waits for the DPO's approval and can't be edited. Take it back first.")


class DraftChangedError(ConflictError):
    code = "draft_changed"
    title = _("Somebody has edited this text since you read it. Read it again, then write yours.")


class RevisionRequiredError(DomainError):
    code = "revision_required"
    status = 428
    title = _("Say in If-Match which revision you have read: the ETag of the draft.")


class NoticeNotApprovedError(DomainError):
    code = "notice_not_approved"
    status = 409
    title = _("A notice is published by the DPO's approval, and by nothing else.")


class OwnNoticeError(DomainError):
    code = "own_notice"
    status = 403
    title = _("You wrote or submitted this notice: somebody else approves it. Ask another DPO or an owner.")


class NoticeFileLostError(ConflictError):
    """The storage has lost a picture or document, or has other bytes than were approved."""

    code = "notice_file_lost"
    title = _("A picture or document of this notice can't be read any more. Upload it again, then submit again.")


def file_refusal(code: str, detail: type_of_text) -> InvalidInputError:
    """Why an uploaded file is not taken."""
    return InvalidInputError.at("file", code=code, detail=detail)


class NoticeIncompleteError(DomainError):
    """The linter found something; ``errors`` has each finding with the language it stands in."""

    code = "notice_incomplete"
    status = 422
    title = _("The notice can't be published as it is. Mend what is listed, then submit it again.")

    def __init__(self, findings: Sequence[Finding]) -> None:
        problems = [FieldProblem((finding.language,), finding.code, finding.sentence) for finding in findings]
        super().__init__(errors=problems)
        self.findings = tuple(findings)
