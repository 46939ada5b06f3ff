"""Two at once: knowing that one of them waits for the other."""

from __future__ import annotations

import time

import pytest
from django.db import connection


def wait_until_somebody_waits() -> None:
    """For a lock in this database; what they wait for is ours."""
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    pytest.fail("nobody waits")
