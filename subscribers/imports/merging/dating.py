"""When the people of an import were collected, and until when they must be told of it."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time

from subscribers.contacts.models import Origin
from subscribers.imports.models import Import

# Not from the people themselves: they must hear where their data came from (G 14).
FROM_OTHERS = (Origin.PARTNER, Origin.BOUGHT, Origin.PUBLIC)


def collected_at(source: Import) -> datetime:
    """When the people of a file were collected, unless their row says so itself (I-09)."""
    if source.occurred_at:
        return source.occurred_at
    if source.collected_on:
        return datetime.combine(source.collected_on, time(), source.organisation.zone).astimezone(UTC)
    return source.created_at


def art14_due(source: Import, now: datetime) -> date | None:
    """Within a month (G 14(3)(a)); None for who gave their data themselves."""
    return a_month_later(now.astimezone(source.organisation.zone).date()) if source.origin_kind in FROM_OTHERS else None


def a_month_later(day: date) -> date:
    """The same day of the next month, or its last one (Regulation 1182/71, article 3(2)(c))."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
