"""Rooms whose rows follow a job hear of what happens to it outside of a run: nobody is at work then to tell them.

It is paused, cancelled, resumed while it waits, or given up on. A watcher looks at ``job.state`` and is called in the
transaction that changed it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.jobs.models import Job

Watcher = Callable[["Job"], None]

_watchers: dict[str, Watcher] = {}


def register_watcher(task: str, watcher: Watcher) -> None:
    """Have ``watcher(job)`` called for the jobs of this task, in the scope of their organisation."""
    _watchers[task] = watcher


def tell_watcher(job: Job) -> None:
    """Call the room that has this kind of job, if there is one that cares."""
    watcher = _watchers.get(job.task)
    if watcher is not None:
        watcher(job)
