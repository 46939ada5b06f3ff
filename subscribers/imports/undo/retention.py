"""What imports changed is kept only as long as it can be undone: it holds values that people have since lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

MOST = 10_000

# For the schedule, so of all organisations. Index: changes_of_imports.
OLD_CHANGES = """
DELETE FROM subscribers_importchange h WHERE h.id IN (
    SELECT o.id FROM subscribers_import i
    JOIN subscribers_importchange o ON o.organisation_id = i.organisation_id AND o.source_import_id = i.id
    LEFT JOIN portal_job j ON j.id = i.undo_job_id
    WHERE i.finished_at < %(before)s AND (j.id IS NULL OR j.state IN ('done', 'failed', 'cancelled'))
    LIMIT %(most)s
)
"""


def destroy_changes(now: datetime) -> int:
    """Destroy the changes of imports that can no longer be undone, and are not being; how many there were."""
    before = now - timedelta(days=settings.ACCORD.import_undo_days)
    destroyed = 0
    while gone := destroy_some(before):
        destroyed += gone
    return destroyed


@transaction.atomic
def destroy_some(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(OLD_CHANGES, {"before": before, "most": MOST})
        return int(cursor.rowcount)
