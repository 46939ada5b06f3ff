"""What collection points add elsewhere: the menu entry, to a notice where it is shown, their names to the ledger."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from consent.collection.queries import named_points, points_showing
from consent.ledger.places import register_places
from consent.notices.overview import register_notice_use
from portal.organisations.roles import Capability
from portal.ui.registry import MenuEntry, register_menu


def register() -> None:
    register_menu(
        MenuEntry(
            key="collection",
            label=_("Collection points"),
            url_name="consent:point_list",
            icon="forms",
            capability=Capability.COLLECTION_VIEW,
            order=15,
            section="consent",
        )
    )
    register_notice_use(points_showing)
    register_places(named_points)
