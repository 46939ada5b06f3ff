"""What this app adds to the menu, the dashboard and the person's timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability
from portal.ui.registry import DashboardCard, FirstStep, MenuEntry, register_card, register_menu, register_step
from subscribers.contacts.sections import ContactPart, ContactSection, register_part, register_section
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
INFORMING_CARD = DashboardCard(
    key="informing",
    title=_("To be informed (art. 14)"),
    template="subscribers/cards/informing.html",
    query="subscribers.contacts.informing.card",
    capability=Capability.CONTACTS_VIEW,
    order=25,
)
QUARANTINE_CARD = DashboardCard(
    key="quarantine",
    title=_("Lists to check"),
    template="subscribers/cards/quarantine.html",
    query="subscribers.imports.queries.quarantine_card",
    capability=Capability.IMPORTS_RELEASE,
    order=26,
)
PROVENANCE = ContactSection(
    key="provenance",
    title=_("Where each value comes from"),
    template="subscribers/contact_provenance.html",
    query="subscribers.contacts.provenance.section",
    column="side",
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
    register_card(INFORMING_CARD)
    register_card(QUARANTINE_CARD)
    register_section(PROVENANCE)
    register_part(ContactPart(key="provenance", query="subscribers.contacts.provenance.value_sources", missing=dict))
    register_timeline_source("contact", "subscribers.contacts.happenings.arrivals")
    register_timeline_source("suppressions", "subscribers.contacts.happenings.suppressions")
    register_timeline_source("edits", "subscribers.contacts.happenings.edits")
    register_timeline_source("informed", "subscribers.contacts.happenings.informed")
