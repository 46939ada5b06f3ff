"""Which queue the work on an import waits in: what takes seconds never stands behind what takes hours."""

from __future__ import annotations

from portal.jobs.queues import Queue
from subscribers.imports.files import table_size
from subscribers.imports.models import Import

SMALL_BYTES = 5 * 1024**2
SMALL_ROWS = 50_000


def lane_of(source: Import) -> Queue:
    """By the size of its table, and by its rows once they are known: an archive says little of what is in it."""
    small = table_size(source) <= SMALL_BYTES and source.rows_read <= SMALL_ROWS
    return Queue.IMPORTS_SMALL if small else Queue.IMPORTS
