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
from subscribers.imports.models import Import, ImportState
from subscribers.imports.recall.queries import RecallReport
from subscribers.imports.undo.errors import DryRunError, ImportUndoneError, ImportUnfinishedError, UndoTooLateError
from subscribers.imports.undo.queries import undo_until

UNDOABLE = (ImportState.DONE, ImportState.QUARANTINED, ImportState.FAILED, ImportState.CANCELLED)
REASONS: dict[str, str | Promise] = {
    "edited": gettext_lazy("changed by somebody since"),
    "imported": gettext_lazy("met by another import since"),
    "consented": gettext_lazy("made a choice since"),
    "agreed_elsewhere": gettext_lazy("agreed elsewhere"),
}


@dataclass(frozen=True)
class UndoTime:
    """Until when an import can be undone, and the whole days left."""

    until: datetime
    days: int


def undo_time(source: Import, now: datetime) -> UndoTime | None:
    """None when it can't be undone, or no longer."""
    until = undo_until(source)
    if source.dry_run or source.state not in UNDOABLE or until is None or now > until:
        return None
    if source.undo_job is not None and not source.undo_job.ended:
        return None
    return UndoTime(until, (until - now).days)


def require_undoable(source: Import, now: datetime) -> UndoTime:
    """Raises ``import_undone``, ``import_unfinished``, ``dry_run_only`` or ``undo_too_late``."""
    if source.dry_run:
        raise DryRunError
    if source.state == ImportState.UNDONE or source.undo_job is not None:
        raise ImportUndoneError
    if source.state not in UNDOABLE:
        raise ImportUnfinishedError
    left = undo_time(source, now)
    if left is None:
        raise UndoTooLateError
    return left


def may_recall(actor: Actor) -> bool:
    return actor.may(Capability.IMPORTS_RUN) or actor.may(Capability.IMPORTS_RELEASE)


def reasons_in_words(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why some are left, the most frequent reason first."""
    found = sorted(counted.items(), key=lambda pair: -pair[1])
    return [(str(REASONS.get(code, code.replace("_", " "))), count) for code, count in found if count]


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
