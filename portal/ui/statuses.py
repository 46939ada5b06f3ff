"""The look of every status and reason code: one tone, one icon, one word."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Look:
    """``tone`` is success, info, warning, danger or neutral; colour never stands alone."""

    tone: str
    icon: str
    label: str | Promise


LOOKS: dict[str, Look] = {
    # jobs and imports
    "queued": Look("neutral", "clock", _("Waiting")),
    "uploaded": Look("neutral", "upload", _("Uploaded")),
    "running": Look("info", "player-play", _("Running")),
    "paused": Look("warning", "player-pause", _("Paused")),
    "done": Look("success", "check", _("Done")),
    "quarantined": Look("warning", "hand-stop", _("Held for a check")),
    "failed": Look("danger", "alert-circle", _("Failed")),
    "cancelled": Look("neutral", "ban", _("Cancelled")),
    "undone": Look("neutral", "arrow-back-up", _("Undone")),
    # counts of an import
    "created": Look("success", "plus", _("Created")),
    "updated": Look("info", "edit", _("Updated")),
    "unchanged": Look("neutral", "circle", _("Unchanged")),
    "duplicate": Look("neutral", "copy", _("Duplicate")),
    "suppressed": Look("danger", "shield-off", _("Suppressed")),
    # audiences
    "draft": Look("neutral", "edit", _("Draft")),
    "submitted": Look("info", "send", _("Submitted")),
    "approved": Look("success", "rubber-stamp", _("Approved")),
    "rejected": Look("danger", "x", _("Rejected")),
    "expired": Look("warning", "hourglass", _("Expired")),
    "handed_off": Look("success", "package", _("Handed off")),
    "claimed": Look("info", "hand-stop", _("Claimed")),
    "completed": Look("success", "check", _("Completed")),
    "test": Look("info", "tool", _("Test")),
    # notices
    "awaiting_dpo": Look("info", "send", _("Waits for the DPO")),
    "sent_back": Look("warning", "arrow-back-up", _("Sent back")),
    "ended": Look("neutral", "ban", _("No longer shown")),
    # consents and the reasons of the gate
    "granted": Look("success", "check", _("Agreed")),
    "allowed": Look("success", "check", _("Allowed")),
    "denied": Look("danger", "ban", _("Not allowed")),
    "none": Look("neutral", "circle-dashed", _("Nothing recorded")),
    "unanswered": Look("neutral", "help", _("Asked, no answer")),
    "renewal_due": Look("warning", "refresh", _("To be renewed")),
    "no_consent": Look("neutral", "circle-dashed", _("No consent")),
    "unconfirmed": Look("warning", "mail-check", _("Not confirmed")),
    "refused": Look("danger", "thumb-down", _("Refused")),
    "withdrawn": Look("danger", "arrow-back-up", _("Withdrawn")),
    "withdrawal": Look("warning", "arrow-back-up", _("Withdrawn")),
    "objected": Look("danger", "hand-stop", _("Objected")),
    "unreachable": Look("neutral", "mail-off", _("No address for this channel")),
    "bounced": Look("warning", "mail-off", _("Bounced")),
    "complained": Look("danger", "flag", _("Complained")),
    "restricted": Look("warning", "lock", _("Restricted")),
    "under_age": Look("danger", "user-off", _("Under the age limit")),
    "not_found": Look("neutral", "question-mark", _("Not found")),
    # requests and complaints
    "received": Look("info", "inbox", _("Received")),
    "verifying": Look("warning", "fingerprint", _("Checking who asks")),
    "in_progress": Look("info", "loader-2", _("In progress")),
    "overdue": Look("danger", "alert-triangle", _("Overdue")),
    "acknowledged": Look("success", "check", _("Acknowledged")),
    # anything that is on or off, in or out of date
    "active": Look("success", "check", _("Active")),
    "inactive": Look("neutral", "circle", _("Inactive")),
    "archived": Look("neutral", "archive", _("Archived")),
    "revoked": Look("neutral", "ban", _("Revoked")),
    "pending": Look("warning", "clock", _("Pending")),
    "invited": Look("warning", "mail", _("Invited")),
    "published": Look("success", "world", _("Published")),
    "sealed": Look("success", "shield-check", _("Sealed")),
    "unsealed": Look("neutral", "hourglass", _("Waits for its seal")),
    "live": Look("success", "bolt", _("Live")),
    "closed": Look("neutral", "lock", _("Closed")),
    "ok": Look("success", "check", _("In order")),
    "warning": Look("warning", "alert-triangle", _("Attention")),
}


def look_of(value: object) -> Look:
    """The look of a status; one nobody knows is grey and shows its own word."""
    code = str(value)
    return LOOKS.get(code) or Look("neutral", "circle", code.replace("_", " ").capitalize())
