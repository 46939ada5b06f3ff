"""The queues, which task waits in which, and which worker listens to which; a test sees that none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Task, shared_task
from django.db import models
from django.utils.translation import gettext_lazy as _


class Queue(models.TextChoices):
    IMPORTS = "imports", _("Imports")
    IMPORTS_SMALL = "imports_small", _("Small imports")
    EXPORTS = "exports", _("Exports")
    DOCUMENTS = "documents", _("Documents")
    MAIL = "mail", _("E-mail")
    DEFAULT = "default", _("Everything else")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of `manage.py run`: its queues, and how many tasks it does at once."""

    name: str
    queues: tuple[Queue, ...]
    processes: int


# What may take hours never stands before what takes seconds.
WORKERS = (
    Worker("imports", (Queue.IMPORTS,), 2),
    Worker("jobs", (Queue.EXPORTS, Queue.DOCUMENTS), 1),
    Worker("quick", (Queue.IMPORTS_SMALL, Queue.MAIL, Queue.DEFAULT), 3),
)

_queues: dict[str, str] = {}


def task_on(
    queue: Queue, *, time_limit: int, soft_time_limit: int, **options: Any
) -> Callable[[Callable[..., None]], Task[Any, Any]]:
    """A Celery task in this queue; both limits are in seconds, and no task is without."""

    def decorate(work: Callable[..., None]) -> Task[Any, Any]:
        name = f"{work.__module__}.{work.__name__}"
        _queues[name] = queue.value
        task: Task[Any, Any] = shared_task(
            name=name, time_limit=time_limit, soft_time_limit=soft_time_limit, **options
        )(work)
        return task

    return decorate


def queue_of(name: str) -> str:
    """The queue of a task whose module has been imported; the default one for any other."""
    return _queues.get(name, Queue.DEFAULT.value)


def route(name: str, *_arguments: Any, **_options: Any) -> dict[str, str]:
    """Celery's question where a task goes."""
    return {"queue": queue_of(name)}
