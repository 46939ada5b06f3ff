"""Counting what has been written so far, for the tests of rates."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection
from django.utils import timezone

from consent.rates.counting import count_days, differences
from consent.rates.models import CountingState, DailyCount
from portal.organisations.models import Organisation


def count(**options: Any) -> None:
    """Count all that is written; again while anybody else on this server holds the horizon back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (upto,) = cursor.fetchone()
    deadline = time.monotonic() + 60
    while True:
        assert count_days(now=timezone.now(), **options)
        if CountingState.objects.get().horizon >= upto or time.monotonic() > deadline:
            return


def counts(organisation: Organisation, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of the counts, and the count."""
    found = DailyCount._base_manager.filter(organisation=organisation)
    return sorted(found.values_list(*names, "count"))


def right(organisation: Organisation) -> bool:
    return not differences(organisation)
