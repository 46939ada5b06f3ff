"""Why a job ended without its result, and why one does not move: in words, for whoever waits for it."""

from __future__ import annotations

from celery.exceptions import SoftTimeLimitExceeded
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.disk import disk_is_full
from portal.errors import DiskFullError, DomainError, error_classes
from portal.jobs.models import Job, JobState

INTERNAL = "internal_error"
TOO_LONG = "took_too_long"
TOO_MANY = "too_many_attempts"

# What only jobs can end with; everything else has its sentence in its error.
SENTENCES: dict[str, str | Promise] = {
    INTERNAL: _("Something broke on our side. Start it again; if it happens again, tell your administrator when."),
    TOO_LONG: _("This took longer than any job may. Split the work into smaller parts and start them one by one."),
    TOO_MANY: _(
        "The servers had to start this again too often without getting any further. Tell your administrator, then "
        "start it again."
    ),
}


def code_of(error: BaseException) -> str:
    """The stable code of what ended a job."""
    if disk_is_full(error):
        return DiskFullError.code
    if isinstance(error, DomainError):
        return error.code
    return TOO_LONG if isinstance(error, SoftTimeLimitExceeded) else INTERNAL


def said(code: str) -> str:
    """What the code of a job that failed means and what to do, in the reader's language; empty for no code."""
    if not code:
        return ""
    titles = (error.title for error in error_classes() if error.code == code)
    return str(SENTENCES.get(code) or next(titles, SENTENCES[INTERNAL]))


def stillness(job: Job) -> str:
    """Why a job that has not ended does not move just now; empty while it does."""
    if job.silent:
        return str(
            _("The worker or one of its servers does not answer. The work goes on by itself where it stopped: wait.")
        )
    if job.state == JobState.PAUSED:
        return str(_("Paused. It goes on where it stopped once somebody resumes it."))
    if job.pause_requested_at and not job.ended:
        return str(_("It pauses at its next step."))
    if job.state == JobState.QUEUED:
        return str(_("It waits for its turn and starts by itself."))
    return ""
