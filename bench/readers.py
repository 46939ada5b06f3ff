"""Somebody who reads contacts while an import runs: how long they wait, and what locks the import holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connections

from portal.organisations.models import Organisation

PAUSE = 0.1
PAGE = "SELECT * FROM subscribers_contact WHERE organisation_id = %s ORDER BY id DESC LIMIT 50"
LOCKS = """
SELECT DISTINCT mode FROM pg_locks
WHERE locktype = 'relation' AND relation = 'subscribers_contact'::regclass AND pid <> pg_backend_pid()
"""


@dataclass
class Watch:
    """Seconds that each page took, and the locks seen on the table of contacts."""

    pages: list[float] = field(default_factory=list)
    locks: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        waits = sorted(self.pages) or [0.0]
        middle, worst = waits[len(waits) // 2] * 1000, waits[-1] * 1000
        return f"a page of contacts took {middle:.1f} ms, at most {worst:.0f}; locks: {', '.join(sorted(self.locks))}"


@contextmanager
def watched(organisation: Organisation) -> Iterator[Watch]:
    watch, stopped = Watch(), threading.Event()

    def look() -> None:
        try:
            with connections["default"].cursor() as cursor:
                while not stopped.wait(PAUSE):
                    began = time.perf_counter()
                    cursor.execute(PAGE, [organisation.pk])
                    cursor.fetchall()
                    watch.pages.append(time.perf_counter() - began)
                    cursor.execute(LOCKS)
                    watch.locks.update(mode for (mode,) in cursor.fetchall())
        finally:
            connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        stopped.set()
        thread.join()
