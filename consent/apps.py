"""consent: what people agreed to."""

from __future__ import annotations

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import contact_page, dashboard, import_afterwards, import_points, import_stage, personal_data
        from consent.audiences.queries import audiences_using
        from consent.collection import menu as collection
        from consent.collection import papers
        from consent.collection import personal_data as sign_ups
        from consent.ledger import addresses, canonical
        from consent.notices import room as notices
        from consent.purposes.queries import has_purpose
        from consent.receipts import actions as receipts
        from consent.segment_fields import register_segment_fields
        from subscribers.fields.purposes import register_purposes
        from subscribers.segments.uses import register_use

        dashboard.register()
        notices.register()
        contact_page.register()
        personal_data.register()
        import_stage.register()
        import_afterwards.register()
        import_points.register()
        addresses.register()
        canonical.register()
        collection.register()
        sign_ups.register()
        papers.register()
        receipts.register()
        register_segment_fields()
        register_use(audiences_using)
        register_purposes(has_purpose)
