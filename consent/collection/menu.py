"""What collection points add elsewhere: the menu entry, and to a notice where it is shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from consent.collection.queries import points_showing
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
