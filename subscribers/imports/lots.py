"""What the lots of imports add elsewhere: the sample that is drawn on the way, and the names of their jobs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.jobs.names import register_job_name
from portal.jobs.watching import register_watcher
from subscribers.imports.quarantine import sample
from subscribers.imports.undo.running import follow_job

JOBS = {
    "subscribers.imports.undo.tasks.run_undo": _("Undo an import"),
    "subscribers.imports.quarantine.tasks.confirm_lot": _("Confirm what a released import claims"),
    "subscribers.imports.recall.tasks.run_deletion": _("Delete a recalled lot"),
}


def register() -> None:
    sample.register()
    register_watcher("subscribers.imports.undo.tasks.run_undo", follow_job)
    for task, name in JOBS.items():
        register_job_name(task, name)
