"""The portal's own lines of the menu, and what its jobs are called."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.jobs.names import register_job_name
from portal.organisations.roles import Capability
from portal.ui.registry import MenuEntry, register_menu


def register() -> None:
    """Called once the apps are ready."""
    for entry in (
        MenuEntry("dashboard", _("Dashboard"), "portal:dashboard", "layout-dashboard", Capability.DASHBOARD_VIEW, 0),
        MenuEntry("jobs", _("Jobs"), "jobs:job_list", "list-check", Capability.JOBS_VIEW, 20, "organisation"),
        MenuEntry(
            "members",
            _("Members"),
            "organisations:member_list",
            "id-badge-2",
            Capability.MEMBERS_VIEW,
            30,
            "organisation",
        ),
        MenuEntry("tokens", _("API tokens"), "tokens:token_list", "key", Capability.TOKENS_MANAGE, 40, "organisation"),
        MenuEntry("audit", _("Audit log"), "audit:entry_list", "history", Capability.AUDIT_VIEW, 50, "organisation"),
        MenuEntry(
            "settings",
            _("Settings"),
            "organisations:organisation_settings",
            "settings",
            Capability.ORGANISATION_EDIT,
            60,
            "organisation",
        ),
        MenuEntry("host_organisations", _("Organisations"), "host:organisation_list", "building", None, 10, "host"),
        MenuEntry("host_jobs", _("All jobs"), "host:job_list", "list-check", None, 20, "host"),
    ):
        register_menu(entry)
    register_job_name("portal.seals.tasks.verify", _("Verification of the seals"))
    if not settings.ACCORD.production:
        register_menu(MenuEntry("outbox", _("Mail written"), "host:outbox", "mail", None, 30, "host"))
