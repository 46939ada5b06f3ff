"""The audit log as a page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from portal.audit.queries import audit_entries
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.actors import ActorKind
from portal.organisations.roles import Capability
from portal.ui.lists import Column, Filter, ListSpec

AUDIT = ListSpec(
    columns=(
        Column("at", _("When"), sort="id"),
        Column("actor", _("Who")),
        Column("action", _("What")),
        Column("target", _("On")),
        Column("details", _("Details")),
        Column("ip", _("From")),
    ),
    filters=(
        Filter("actor_kind", _("Who"), choices=ActorKind.choices),
        Filter(
            "action",
            _("What"),
            choices=[
                ("audience.", _("Audiences")),
                ("consent.", _("Consents")),
                ("contact.", _("Contacts")),
                ("evidence.", _("Archived evidence")),
                ("field.", _("Fields")),
                ("import.", _("Imports")),
                ("job.", _("Jobs")),
                ("member.", _("Members")),
                ("organisation.", _("Organisation")),
                ("proof.", _("Proofs")),
                ("purpose.", _("Purposes")),
                ("segment.", _("Segments")),
                ("suppression.", _("Suppressions")),
                ("token.", _("API tokens")),
            ],
        ),
    ),
    search=_("Target, such as contact:42"),
    default_sort="-id",
)


@member_page(Capability.AUDIT_VIEW)
def entry_list(request: MemberRequest) -> HttpResponse:
    """Who did what, newest first."""
    listing = AUDIT.read(request)
    listing.load(audit_entries(request.organisation, target=listing.search, **listing.filters))
    return render(request, "portal/audit/list.html", {"listing": listing})
