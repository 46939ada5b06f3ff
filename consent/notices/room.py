"""What the notices add to the portal once the apps are ready."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.organisations.followers import follow_memberships, follow_organisations
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability
from portal.ui.registry import DashboardCard, MenuEntry, register_card, register_menu


def register() -> None:
    follow_organisations(organisation_made)
    follow_memberships(membership_changed)
    register_menu(
        MenuEntry(
            key="notices",
            label=_("Notices"),
            url_name="consent:notice_list",
            icon="file-text",
            capability=Capability.NOTICES_VIEW,
            order=15,
            section="consent",
        )
    )
    register_card(
        DashboardCard(
            key="notices",
            title=_("Notices to approve"),
            template="consent/cards/notices.html",
            query="consent.notices.overview.waiting_card",
            capability=Capability.NOTICES_APPROVE,
            order=16,
        )
    )


def organisation_made(organisation: Organisation) -> None:
    from consent.notices.tree import plant

    plant(organisation)


def membership_changed(membership: Membership) -> None:
    from consent.notices.tree import follow_membership

    follow_membership(membership)
