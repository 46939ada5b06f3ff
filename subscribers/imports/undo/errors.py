"""Why an import can't be undone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError


class ImportUndoneError(ConflictError):
    code = "import_undone"
    title = _("This import has been undone already, or is being undone.")


class UndoTooLateError(ConflictError):
    code = "undo_too_late"
    title = _("The time in which this import could be undone is over. Recall the lot instead: it can be deleted.")


class ImportUnfinishedError(ConflictError):
    code = "import_unfinished"
    title = _("This import has not ended yet. Wait for its end, or cancel it first.")


class DryRunError(ConflictError):
    code = "dry_run_only"
    title = _("This was a dry run: it has changed nothing.")
