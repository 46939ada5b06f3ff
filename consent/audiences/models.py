"""Audiences: a segment passed through the gate for one purpose and channel, approved by a second person."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.organisations.scoping import TenantManager


class AudienceState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    HANDED_OFF = "handed_off", _("Handed off")
    COMPLETED = "completed", _("Completed")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


class Audience(models.Model):
    """What the engine may send to: the snapshot (a roaring bitmap of contact ids) and how it came about."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=200)
    segment = models.ForeignKey("subscribers.Segment", on_delete=models.PROTECT, related_name="+")
    rule = models.JSONField(help_text="the segment's rule as it was when submitted", default=dict)
    purpose = models.ForeignKey("consent.Purpose", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=5, choices=Channel.choices)
    fields = ArrayField(models.CharField(max_length=60), verbose_name=_("fields"), default=list, blank=True)
    test = models.BooleanField(_("test"), default=False)
    message_reference = models.CharField(_("message reference"), max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=AudienceState.choices, default=AudienceState.DRAFT)

    snapshot = models.BinaryField(null=True, help_text="BitMap64 of pyroaring, portable serialisation")
    snapshot_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict, help_text='{"segment": n, "allowed": n, "excluded": {reason: n}}')

    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    submitted_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey("portal.ApiToken", on_delete=models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    handed_off = models.JSONField(default=dict, help_text='{"sent": n, "skipped": {reason: n}}')
    left_out = models.BinaryField(null=True, help_text="BitMap64 of those whom the gate left out at the hand-off")
    completed_at = models.DateTimeField(null=True)
    completed = models.JSONField(default=dict, help_text='{"sent": n, "failed": n} as the engine reports')

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"], name="audiences_newest_first"),
            models.Index(fields=["test", "id"], name="audiences_for_engine", condition=models.Q(state="approved")),
        ]

    def __str__(self) -> str:
        return self.name
