"""What an undo would do, and what it left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from subscribers.imports.models import Import


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """How many contacts would be removed, values brought back and consents reverted; ``left``: reason -> how many."""

    contacts: int = 0
    values: int = 0
    consents: int = 0
    left: dict[str, int] = field(default_factory=dict)


def undo_until(source: Import) -> datetime | None:
    """Until when the import can be undone; None before it has ended."""
    if source.finished_at is None:
        return None
    return source.finished_at + timedelta(days=settings.ACCORD.import_undo_days)


def undo_preview(source: Import) -> UndoPreview:
    """Counted set by set, as the undo would find it now."""
    raise NotImplementedError


def left_lines(source: Import) -> Iterator[str]:
    """CSV of what an undo left: contact id and reason, some thousand lines at a time."""
    raise NotImplementedError
