"""Finding the events of one import: by the name they carry, within the time it ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from subscribers.imports.models import Import

MARGIN = timedelta(hours=1)  # between the clocks of two servers


def reference(source: Import) -> str:
    """What the events of an import, and those that Accord writes about it, name as their source."""
    return f"import:{source.pk}"


def span(source: Import) -> dict[str, Any]:
    """The parameters ``organisation``, ``reference``, ``since`` and ``until``. Index: events_by_time."""
    return {
        "organisation": source.organisation_id,
        "reference": reference(source),
        "since": (source.started_at or source.created_at) - MARGIN,
        "until": (source.finished_at or timezone.now()) + MARGIN,
    }
