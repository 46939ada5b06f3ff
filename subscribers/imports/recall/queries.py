"""What is known of a lot that is recalled: how many people, and where they were handed off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from subscribers.imports.afterwards import LotAudience, Window, all_afterwards
from subscribers.imports.models import Import
from subscribers.imports.sweeping import total
from subscribers.imports.undo.queries import whole
from subscribers.imports.undo.running import created_bounds
from subscribers.imports.undo.sql import created
from subscribers.imports.undo.touching import Touches


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallReport:
    """``brought``: contacts that came with the lot and are still here; ``audiences``: where its people were handed off.

    ``erased`` and ``kept``: what deleting the lot would do now, the kept by reason; ``consents``: what it would revert.
    """

    brought: int = 0
    consents: int = 0
    erased: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    audiences: Sequence[LotAudience] = ()


def recall_report(source: Import) -> RecallReport:
    """Counted as it is now; large lots take some seconds."""
    found = people_by_reason(source)
    reverted = total(afterwards.revertible(source) for afterwards in all_afterwards())
    return RecallReport(
        brought=sum(found.values()),
        consents=reverted.get("reverted", 0),
        erased=found.get("", 0),
        kept={reason: count for reason, count in found.items() if reason},
        audiences=[audience for afterwards in all_afterwards() for audience in afterwards.audiences(source)],
    )


def people_by_reason(source: Import) -> dict[str, int]:
    """How many people the lot brought would be kept, by reason; those under ``""`` would be erased."""
    bounds = created_bounds(source)
    if bounds is None:
        return {}
    touches = agreements(source)
    statement = created(touches.touches, what="COALESCE(c.reason, ''), count(*)", end="GROUP BY c.reason")
    with connection.cursor() as cursor:
        cursor.execute(statement, touches.parameters(whole(source, bounds)))
        return dict(cursor.fetchall())


def agreements(source: Import) -> Touches:
    """What spares a person when the lot is deleted: that they agreed elsewhere."""
    return Touches([touch for afterwards in all_afterwards() for touch in afterwards.agreed(source)])


def people_of(cursor: Any, window: Window, touches: Touches, *, lock: str) -> list[tuple[int, str | None]]:
    """The people of a window, each with the reason that spares them or None."""
    cursor.execute(created(touches.touches, what="c.id, c.reason", lock=lock), touches.parameters(window))
    return list(cursor.fetchall())
