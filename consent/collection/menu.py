"""The menu entry of collection points."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
