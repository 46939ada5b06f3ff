"""What can be done with an import that has ended, as the pages say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.organisations.actors import Actor
from portal.organisations.roles import Capability
from portal.ui.numbers import number
from subscribers.imports.models import Import
from subscribers.imports.recall.queries import RecallReport
from subscribers.imports.undo.errors import ImportUnfinishedError
from subscribers.imports.undo.queries import refusal_to_undo, undo_until

# Why a person or a value is left as it is, when an import is undone or a lot deleted.
REASONS: dict[str, str | Promise] = {
    "restricted": gettext_lazy("processing is restricted"),
    "seed": gettext_lazy("seed contact"),
    "edited": gettext_lazy("changed by somebody since"),
    "changed_since": gettext_lazy("value changed since"),
    "identity_taken": gettext_lazy("somebody else has this value by now"),
    "last_identity": gettext_lazy("the only one by which the person is known"),
    "other_import": gettext_lazy("also in another import"),
    "suppressed": gettext_lazy("must not be written to any more"),
    "seen": gettext_lazy("has shown a sign since"),
    "own_choice": gettext_lazy("has made a choice since"),
    "handed_off": gettext_lazy("was handed off to be written to"),
    "agreed_elsewhere": gettext_lazy("agreed elsewhere"),
    "newer_choice": gettext_lazy("agreed anew since"),
    "opt_outs": gettext_lazy("opt-out from the file: it stands"),
}


# As many as are counted before anybody notices: a million take some seconds.
COUNTED_AT_ONCE = 20_000


@dataclass(frozen=True)
class UndoTime:
    """Until when an import can be undone, and the whole days left."""

    until: datetime
    days: int


def undo_time(source: Import, now: datetime) -> UndoTime | None:
    """None when it can't be undone, or no longer."""
    until = undo_until(source)
    if until is None or refusal_to_undo(source, now) is not None:
        return None
    return UndoTime(until, (until - now).days)


def require_undoable(source: Import, now: datetime) -> UndoTime:
    """Raises ``import_undone``, ``import_unfinished``, ``dry_run_only`` or ``undo_too_late``."""
    refusal = refusal_to_undo(source, now)
    left = undo_time(source, now)
    if refusal is not None or left is None:
        raise refusal or ImportUnfinishedError
    return left


def is_large(source: Import) -> bool:
    """Does it take a while to count what came of it?"""
    return source.rows_read > COUNTED_AT_ONCE


def may_recall(actor: Actor) -> bool:
    return actor.may(Capability.IMPORTS_RUN) or actor.may(Capability.IMPORTS_RELEASE)


def reasons_in_words(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why some are left, the most frequent reason first."""
    found = sorted(counted.items(), key=lambda pair: -pair[1])
    return [(str(REASONS.get(code, code.replace("_", " "))), count) for code, count in found if count]


@dataclass(frozen=True, kw_only=True)
class Undone:
    """What an undo did, as the page tells it."""

    contacts: int
    values: int
    consents: int
    left: list[tuple[str, int]]


def undone(source: Import) -> Undone | None:
    """None for an import that was not undone."""
    if source.undone_at is None:
        return None
    counts = source.undo_counts
    return Undone(
        contacts=counts.get("contacts", 0),
        values=counts.get("values", 0),
        consents=counts.get("consents", 0),
        left=reasons_in_words(counts.get("left", {})),
    )


def deletion_in_words(report: RecallReport) -> str:
    """What deleting a lot does, in numbers."""
    return "\n".join(deletion_lines(report))


def deletion_lines(report: RecallReport) -> Iterable[str]:
    n = report.erased
    yield ngettext("%(n)s person is erased.", "%(n)s people are erased.", n) % {"n": number(n)}
    n = report.consents
    yield ngettext("%(n)s consent is taken back.", "%(n)s consents are taken back.", n) % {"n": number(n)}
    for reason, count in reasons_in_words(report.kept):
        yield ngettext("%(n)s person stays: %(reason)s.", "%(n)s people stay: %(reason)s.", count) % {
            "n": number(count),
            "reason": reason,
        }
    yield _("The proof of what was imported stays.")
