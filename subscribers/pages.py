"""What this app adds to the menu, the dashboard and the person's timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability
from portal.ui.registry import DashboardCard, FirstStep, MenuEntry, register_card, register_menu, register_step
from subscribers.timeline import register_timeline_source

MENU = (
    MenuEntry(
        key="contacts",
        label=_("Contacts"),
        url_name="subscribers:contact_list",
        icon="users",
        capability=Capability.CONTACTS_VIEW,
        order=10,
        section="people",
    ),
    MenuEntry(
        key="fields",
        label=_("Fields"),
        url_name="subscribers:field_list",
        icon="forms",
        capability=Capability.FIELDS_VIEW,
        order=40,
        section="people",
    ),
    MenuEntry(
        key="suppressions",
        label=_("Suppression list"),
        url_name="subscribers:suppression_list",
        icon="shield-off",
        capability=Capability.SUPPRESSIONS_VIEW,
        order=50,
        section="people",
    ),
)
CARD = DashboardCard(
    key="contacts",
    title=_("Contacts"),
    template="subscribers/cards/contacts.html",
    query="subscribers.contacts.queries.card",
    capability=Capability.CONTACTS_VIEW,
    order=10,
)
STEPS = (
    FirstStep(
        key="import",
        title=_("Import a file"),
        text=_("The people you know, with where they come from."),
        url_name="subscribers:import_new",
        capability=Capability.IMPORTS_RUN,
        done="subscribers.contacts.queries.has_contacts",
        order=20,
    ),
    FirstStep(
        key="segment",
        title=_("New segment"),
        text=_("A rule that says who is meant."),
        url_name="subscribers:segment_create",
        capability=Capability.SEGMENTS_EDIT,
        done="subscribers.segments.queries.has_segments",
        order=30,
    ),
)


def register() -> None:
    for step in STEPS:
        register_step(step)
    for entry in MENU:
        register_menu(entry)
    register_card(CARD)
    register_timeline_source("contact", "subscribers.contacts.happenings.arrivals")
    register_timeline_source("suppressions", "subscribers.contacts.happenings.suppressions")
    register_timeline_source("edits", "subscribers.contacts.happenings.edits")
