"""The Celery application: queues and the schedule, which is code."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu import Queue as BrokerQueue

from portal import embedded
from portal.jobs.queues import Queue, route

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
embedded.hold_unless_given()

app = Celery("accord")
app.conf.update(settings.CELERY)
app.conf.task_routes = [route]
app.conf.task_queues = [BrokerQueue(queue.value) for queue in Queue]
app.conf.beat_schedule_filename = str(settings.ACCORD.var / "run" / "beat-schedule")
app.conf.beat_schedule = {
    "expire audiences": {
        "task": "consent.audiences.tasks.expire_audiences",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "send forgotten mail": {
        "task": "portal.mail.tasks.send_forgotten_mail",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "requeue silent jobs": {
        "task": "portal.jobs.tasks.requeue_silent",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "tidy imports": {
        "task": "subscribers.imports.tasks.tidy_imports",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget answers to retries": {
        "task": "portal.api.tasks.purge_idempotency_records",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}


@setup_logging.connect
def _keep_our_logging(**_kwargs: Any) -> None:
    """Django's LOGGING is used as it is; Celery must not put its own over it."""


app.autodiscover_tasks(
    [
        "portal.api",
        "portal.jobs",
        "portal.mail",
        "subscribers.imports",
        "consent.audiences",
    ]
)
