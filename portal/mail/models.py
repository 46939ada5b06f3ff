"""Outgoing transactional mail: written in the transaction of its cause, sent by a job, emptied once sent."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class OutgoingMail(models.Model):
    """One message; recipient and content are sealed with the organisation's key and removed after sending."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, null=True, related_name="+")
    template = models.CharField(max_length=100)
    language = models.CharField(max_length=10)
    content = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    error_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="mail_newest_first")]

    def __str__(self) -> str:
        return f"mail:{self.pk}"
