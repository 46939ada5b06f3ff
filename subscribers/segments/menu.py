"""Where segments show in the frame: the menu and the dashboard."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability
from portal.ui.registry import DashboardCard, MenuEntry, register_card, register_menu


def register_menus() -> None:
    register_menu(
        MenuEntry(
            key="segments",
            label=_("Segments"),
            url_name="subscribers:segment_list",
            icon="filter",
            capability=Capability.SEGMENTS_VIEW,
            order=30,
            section="people",
        )
    )
    register_card(
        DashboardCard(
            key="segments",
            title=_("Segments"),
            template="subscribers/cards/segments.html",
            query="subscribers.segments.queries.dashboard_card",
            capability=Capability.SEGMENTS_VIEW,
            order=40,
            width=6,
        )
    )
