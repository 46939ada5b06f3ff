"""Sending, with retries: 30 s, 1 min, 2 min ... up to a day in all."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from celery import Task

from portal.jobs.queues import Queue, task_on
from portal.mail import actions

RETRIES = 12


@task_on(Queue.MAIL, bind=True, max_retries=RETRIES, time_limit=90, soft_time_limit=60)
def send_mail(self: Task[Any, Any], mail_id: int) -> None:
    try:
        actions.send_queued_mail(mail_id=mail_id)
    except (SMTPException, OSError) as error:
        if self.request.retries >= RETRIES:
            actions.give_up_on_mail(mail_id=mail_id, error_code="mail_server_refused")
            return
        raise self.retry(countdown=30 * 2**self.request.retries, exc=error) from error


@task_on(Queue.MAIL, time_limit=60, soft_time_limit=50)
def send_forgotten_mail() -> None:
    """What the broker lost: a mail that nobody has tried for longer than its retries take."""
    for mail_id in actions.forgotten_mail():
        send_mail.delay(mail_id)
