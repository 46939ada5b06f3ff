"""What an undo would do, and what it left."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from portal.errors import ConflictError
from subscribers.imports.afterwards import LEFT, Window, all_afterwards
from subscribers.imports.models import Import, ImportChange, ImportState
from subscribers.imports.sweeping import WINDOW, Counts, total
from subscribers.imports.undo import sql
from subscribers.imports.undo.errors import (
    DryRunError,
    ImportUndoneError,
    ImportUnfinishedError,
    UndoTooLateError,
)
from subscribers.imports.undo.running import (
    changed_bounds,
    created_bounds,
    outcome_of,
)
from subscribers.imports.undo.touching import touches_of
from subscribers.imports.undo.values import parameters_of

ENDED = (ImportState.DONE, ImportState.QUARANTINED, ImportState.FAILED, ImportState.CANCELLED)


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


def refusal_to_undo(source: Import, now: datetime) -> ConflictError | None:
    """Why the import can't be undone now; None when it can."""
    until = undo_until(source)
    if source.state == ImportState.UNDONE or (source.undo_job and not source.undo_job.ended):
        return ImportUndoneError()
    if source.dry_run:
        return DryRunError()
    if source.state not in ENDED or until is None:
        return ImportUnfinishedError()
    return UndoTooLateError() if now > until else None


def undo_preview(source: Import) -> UndoPreview:
    """Counted set by set, as the undo would find it now."""
    reverted = [afterwards.revertible(source) for afterwards in all_afterwards()]
    outcome = outcome_of(source, total([*reverted, values_to_restore(source), contacts_to_remove(source)]))
    return UndoPreview(**{name: outcome[name] for name in ("contacts", "values", "consents", "left")})


def whole(source: Import, bounds: tuple[int, int]) -> Window:
    return Window(source=source, after=bounds[0] - 1, upto=bounds[1], now=timezone.now())


def values_to_restore(source: Import) -> Counts:
    bounds = changed_bounds(source)
    if bounds is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql.PREVIEW_VALUES, parameters_of(whole(source, bounds)))
        return total({f"{LEFT}{reason}" if reason else "values": count} for reason, count in cursor.fetchall())


def contacts_to_remove(source: Import) -> Counts:
    bounds = created_bounds(source)
    if bounds is None:
        return {}
    touches = touches_of(source)
    statement = sql.created(touches.touches, what="c.reason, count(*)", end="GROUP BY c.reason")
    with connection.cursor() as cursor:
        cursor.execute(statement, touches.parameters(whole(source, bounds)))
        return total({f"{LEFT}{reason}" if reason else "contacts": count} for reason, count in cursor.fetchall())


def left_lines(source: Import) -> Iterator[str]:
    """CSV of what an undo left: contact id and reason, some thousand lines at a time."""
    yield csv_text([("contact", "reason")])
    for lines in (*left_contacts(source), *left_values(source)):
        yield csv_text(lines)


def left_contacts(source: Import) -> Iterator[list[tuple[Any, ...]]]:
    """The contacts that are still there although the import created them; in scopes of their own, as a stream is."""
    with scope(organisation=source.organisation):
        bounds, touches = created_bounds(source), touches_of(source)
    statement = sql.created(touches.touches, what="c.id, COALESCE(c.reason, '')", end="ORDER BY c.id")
    for after in range(bounds[0] - 1, bounds[1], WINDOW) if bounds else ():
        window = Window(source=source, after=after, upto=min(after + WINDOW, bounds[1]), now=timezone.now())  # type: ignore[index]
        with connection.cursor() as cursor:
            cursor.execute(statement, touches.parameters(window))
            yield cursor.fetchall()


def left_values(source: Import) -> Iterator[list[tuple[Any, ...]]]:
    """The values that were not brought back: what is left of the changes."""
    last = 0
    while True:
        with scope(organisation=source.organisation):
            changes = list(
                ImportChange.objects.filter(organisation=source.organisation, source_import=source, pk__gt=last)
                .order_by("pk")
                .values_list("pk", "contact_id", "after")[:1000]
            )
        if not changes:
            return
        last = changes[-1][0]
        yield [(contact, name) for _pk, contact, after in changes for name in after if name != "email_key"]


def csv_text(rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
