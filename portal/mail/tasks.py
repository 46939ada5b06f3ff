"""Sending, with retries: 30 s, 1 min, 2 min ... up to a day in all."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task

from portal.jobs.queues import Queue
from portal.mail import actions

RETRIES = 12


@shared_task(bind=True, queue=Queue.MAIL.value, max_retries=RETRIES, time_limit=90, soft_time_limit=60)
def send_mail(self: Task[Any, Any], mail_id: int) -> None:
    try:
        actions.send_queued_mail(mail_id=mail_id)
    except (SMTPException, OSError) as error:
        if self.request.retries >= RETRIES:
            actions.give_up_on_mail(mail_id=mail_id, error_code="mail_server_refused")
            return
        raise self.retry(countdown=30 * 2**self.request.retries, exc=error) from error
