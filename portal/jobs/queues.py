"""The queues, and which task waits in which; the worker listens to all of them, and a test sees that it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Task, shared_task
from django.db import models


class Queue(models.TextChoices):
    IMPORTS = "imports"
    IMPORTS_SMALL = "imports_small"
    EXPORTS = "exports"
    DOCUMENTS = "documents"
    MAIL = "mail"
    DEFAULT = "default"


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
