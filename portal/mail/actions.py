"""Queue a mail in the transaction of its cause, and send it afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from portal.celery import app
from portal.crypto import open_sealed, seal
from portal.mail.models import MailState, OutgoingMail
from portal.organisations.models import Organisation

SENDING_TASK = "portal.mail.tasks.send_mail"


@dataclass(frozen=True)
class Letter:
    """A rendered message, ready to be sealed."""

    to: str
    subject: str
    text: str
    html: str


def queue_mail(
    *,
    organisation: Organisation | None,
    template: str,
    to: str,
    language: str,
    context: Mapping[str, Any],
) -> OutgoingMail:
    """Render ``mail/<template>.{subject,body}.{txt,html}`` in this language and queue it on commit.

    Recipient and text are sealed at rest and removed once sent; the job carries the id alone.
    """
    letter = rendered(template=template, to=to, language=language, context=context)
    return queue_letter(organisation=organisation, template=template, language=language, letter=letter)


def queue_letter(*, organisation: Organisation | None, template: str, language: str, letter: Letter) -> OutgoingMail:
    """Queue a message that is rendered already."""
    content = json.dumps(letter.__dict__).encode()
    mail = OutgoingMail.objects.create(
        organisation=organisation,
        template=template,
        language=language,
        content=seal(organisation, content, context=sealing_context(template)),
        created_at=timezone.now(),
    )
    transaction.on_commit(lambda: app.send_task(SENDING_TASK, args=[mail.pk], queue="mail"), robust=True)
    return mail


def rendered(*, template: str, to: str, language: str, context: Mapping[str, Any]) -> Letter:
    values = {"base_url": settings.ACCORD.base_url, "language": language, **context}
    with override(language):
        subject = render_to_string(f"mail/{template}.subject.txt", values)
        return Letter(
            to=to,
            subject=" ".join(subject.split()),
            text=render_to_string(f"mail/{template}.body.txt", values).strip() + "\n",
            html=render_to_string(f"mail/{template}.body.html", values),
        )


def sealing_context(template: str) -> bytes:
    return f"mail:{template}".encode()


def send_queued_mail(*, mail_id: int) -> None:
    """Send one queued message, once; raises what the mail server's connection raises, so that the task retries."""
    with transaction.atomic():
        mail = (
            OutgoingMail.objects.select_related("organisation")
            .select_for_update(of=("self",), skip_locked=True)
            .filter(pk=mail_id, state=MailState.QUEUED)
            .first()
        )
        if mail is None or mail.content is None:
            return
        box = open_sealed(mail.organisation, bytes(mail.content), context=sealing_context(mail.template))
        letter = Letter(**json.loads(box))
        message = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            to=[letter.to],
            connection=get_connection(),
            headers={"Auto-Submitted": "auto-generated"},
        )
        if letter.html:
            message.attach_alternative(letter.html, "text/html")
        message.send()
        mail.state, mail.sent_at, mail.content = MailState.SENT, timezone.now(), None
        mail.save(update_fields=["state", "sent_at", "content"])


def forgotten_mail(*, older_than: timedelta = timedelta(minutes=10), most: int = 100) -> list[int]:
    """Ids of messages that wait although no retry can be pending: those whose id never reached the broker.

    A message that is being retried is among them only after its own waits; sending is once whatever happens.
    """
    waiting = OutgoingMail.objects.filter(state=MailState.QUEUED, created_at__lt=timezone.now() - older_than)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:most])


def give_up_on_mail(*, mail_id: int, error_code: str) -> None:
    """Mark a message that can't be sent; what it held is kept sealed, so that an operator may try again."""
    OutgoingMail.objects.filter(pk=mail_id, state=MailState.QUEUED).update(
        state=MailState.FAILED, error_code=error_code
    )


def withdraw_mail(*, mail_ids: Sequence[int], error_code: str) -> int:
    """Empty messages that were not sent and shall not be any more, those that were given up included; how many."""
    waiting = OutgoingMail.objects.filter(pk__in=mail_ids, content__isnull=False)
    return waiting.update(state=MailState.FAILED, content=None, error_code=error_code)
