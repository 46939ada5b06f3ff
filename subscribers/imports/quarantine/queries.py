"""What waits to be checked."""

from __future__ import annotations

from subscribers.imports.models import Import, ImportSample


def sample_of(source: Import) -> list[ImportSample]:
    """The rows drawn, by line, with who checked them."""
    return list(
        ImportSample.objects.filter(organisation_id=source.organisation_id, source_import=source)
        .select_related("contact", "checked_by")
        .order_by("line")
    )
