"""The Celery application: queues and the schedule, which is code."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue as BrokerQueue

from portal import embedded
from portal.jobs.queues import Queue, route
from portal.settings.checks import require_safe_production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
embedded.hold_unless_given()

app = Celery("accord")
app.conf.update(settings.CELERY)
app.conf.task_routes = [route]
app.conf.task_queues = [BrokerQueue(queue.value) for queue in Queue]
app.conf.beat_schedule_filename = str(settings.ACCORD.var / "run" / "beat-schedule")
# The embedded servers make it; an instance with servers of its own does so here.
(settings.ACCORD.var / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
app.conf.beat_schedule = {
    "expire audiences": {
        "task": "consent.audiences.tasks.expire_audiences",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "purge the archive of evidence": {
        "task": "consent.archive.tasks.purge_archive",
        "schedule": crontab(hour="3", minute="10"),
        "options": {"expires": 3600},
    },
    "seal": {
        "task": "portal.seals.tasks.seal",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "verify the seals": {
        "task": "portal.seals.tasks.verify_nightly",
        "schedule": crontab(hour="2", minute="30"),
        "options": {"expires": 3600},
    },
    "count consents by day": {
        "task": "consent.rates.tasks.count_days",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "expire consents": {
        "task": "consent.renewal.tasks.start_expiries",
        "schedule": crontab(hour=2, minute=20),
        "options": {"expires": 3600},
    },
    "empty expired sign-ups": {
        "task": "consent.collection.tasks.purge_sign_ups",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "send forgotten mail": {
        "task": "portal.mail.tasks.send_forgotten_mail",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "requeue silent jobs": {
        "task": "portal.jobs.tasks.requeue_silent",
        "schedule": 5.0,
        "options": {"expires": 5},
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


@celeryd_init.connect
@beat_init.connect
def _refuse_unsafe_production(**_kwargs: Any) -> None:
    """The same refusal as the web server's."""
    try:
        require_safe_production()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error  # Celery logs any Exception of a receiver, and goes on


@setup_logging.connect
def _keep_our_logging(**_kwargs: Any) -> None:
    """Django's LOGGING is used as it is; Celery must not put its own over it."""


app.autodiscover_tasks(
    [
        "portal.api",
        "portal.jobs",
        "portal.mail",
        "portal.seals",
        "subscribers.imports",
        "subscribers.imports.quarantine",
        "subscribers.imports.recall",
        "subscribers.imports.undo",
        "consent.archive",
        "consent.audiences",
        "consent.collection",
        "consent.engine",
        "consent.rates",
        "consent.renewal",
    ]
)
