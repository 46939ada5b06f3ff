"""What imports show outside their own pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.jobs.names import register_job_name
from portal.jobs.watching import register_watcher
from portal.organisations.roles import Capability
from portal.ui.registry import MenuEntry, register_menu
from subscribers.imports.ending import follow_job, follow_reading


def register_pages() -> None:
    register_job_name("subscribers.imports.tasks.run_import", _("Import"))
    register_watcher("subscribers.imports.tasks.run_import", follow_job)
    register_job_name("subscribers.imports.tasks.read_file", _("Reading a file"))
    register_watcher("subscribers.imports.tasks.read_file", follow_reading)
    register_menu(
        MenuEntry(
            key="imports",
            label=_("Imports"),
            url_name="subscribers:import_list",
            icon="file-import",
            capability=Capability.IMPORTS_VIEW,
            order=30,
            section="people",
        )
    )
