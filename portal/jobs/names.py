"""What each task is called on pages; a room that has jobs registers its own words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_names: dict[str, str | Promise] = {"portal.jobs.tasks.requeue_silent": _("Bring silent jobs back")}


def register_job_name(task: str, name: str | Promise) -> None:
    _names[task] = name


def job_name(task: str) -> str:
    """The words for this task, or its last dotted part when nobody gave any."""
    return str(_names.get(task) or task.rpartition(".")[2].replace("_", " "))
