"""subscribers: who the people are."""

from __future__ import annotations

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    name = "subscribers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from subscribers import pages, personal_data
        from subscribers.imports import lots
        from subscribers.imports.menu import register_pages as register_import_pages
        from subscribers.segments.families import register_families
        from subscribers.segments.menu import register_menus

        pages.register()
        personal_data.register()
        register_families()
        register_menus()
        register_import_pages()
        lots.register()
