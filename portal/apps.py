"""portal: what everyone stands on."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal import menu
        from portal.audit import sealed
        from portal.settings import checks  # noqa: F401  # registers the start-up checks

        menu.register()
        sealed.register()
