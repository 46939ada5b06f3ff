"""Walks over a lot, done by a job: window after window of ids, each in a short transaction, each exactly once.

A worker that is killed repeats the window that was not committed. What the walks count is kept in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.jobs.running import JobRun
from subscribers.imports.afterwards import Sweep, Window
from subscribers.imports.models import Import
from subscribers.imports.running import TRIES, is_passing

WINDOW = 10_000  # ids; a transaction of about a second, so that others hardly notice

Counts = dict[str, int]


def swept(run: JobRun, source: Import, sweeps: Sequence[Sweep]) -> dict[str, Counts]:
    """Do the sweeps one after the other, from the last checkpoint on; answers what each counted, by its name."""
    checkpoint = run.checkpoint or first_checkpoint(source, sweeps)
    expected = sum(span(bounds) for bounds in checkpoint["bounds"])
    while checkpoint["sweep"] < len(sweeps):
        sweep, bounds = sweeps[checkpoint["sweep"]], checkpoint["bounds"][checkpoint["sweep"]]
        window = next_window(source, bounds, checkpoint["after"])
        if window is None:
            checkpoint = {**checkpoint, "sweep": checkpoint["sweep"] + 1, "after": None}
            continue
        checkpoint = with_patience(run, sweep, window, checkpoint, expected)
    return dict(checkpoint["counts"])


def first_checkpoint(source: Import, sweeps: Sequence[Sweep]) -> dict[str, Any]:
    return {"sweep": 0, "after": None, "done": 0, "bounds": [sweep.bounds(source) for sweep in sweeps], "counts": {}}


def span(bounds: Sequence[int] | None) -> int:
    return bounds[1] - bounds[0] + 1 if bounds else 0


def next_window(source: Import, bounds: Sequence[int] | None, after: int | None) -> Window | None:
    if not bounds:
        return None
    start = bounds[0] - 1 if after is None else after
    if start >= bounds[1]:
        return None
    return Window(source=source, after=start, upto=min(start + WINDOW, bounds[1]), now=timezone.now())


def with_patience(
    run: JobRun, sweep: Sweep, window: Window, checkpoint: dict[str, Any], expected: int
) -> dict[str, Any]:
    """One window, tried again when two writers met on the same people; answers the checkpoint after it."""
    for attempt in range(1, TRIES + 1):
        try:
            return one_window(run, sweep, window, checkpoint, expected)
        except DatabaseError as error:
            if attempt == TRIES or not is_passing(error):
                raise
    raise AssertionError  # the last attempt answers or raises


@transaction.atomic
def one_window(run: JobRun, sweep: Sweep, window: Window, checkpoint: dict[str, Any], expected: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        counted = sweep.work(cursor, window)
    counts = {**checkpoint["counts"], sweep.name: total([checkpoint["counts"].get(sweep.name, {}), counted])}
    done = checkpoint["done"] + window.upto - window.after
    following = {**checkpoint, "after": window.upto, "done": done, "counts": counts}
    run.save(checkpoint=following, done=done, expected=expected)
    return following


def total(counted: Iterable[Counts]) -> Counts:
    """Counts added up, name by name."""
    found: Counts = {}
    for counts in counted:
        for name, count in counts.items():
            found[name] = found.get(name, 0) + count
    return found
