"""Jobs: anything that takes over a second. PostgreSQL holds the truth; Celery only says that there is work."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.jobs.queues import Queue
from portal.organisations.scoping import TenantManager

SILENCE = timedelta(seconds=10)  # of a worker; the lease makes it safe to be wrong


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", pgettext_lazy("job", "Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")

    @classmethod
    def ended(cls) -> list[JobState]:
        return [cls.DONE, cls.FAILED, cls.CANCELLED]


class Job(models.Model):
    """One piece of long work: what, how far, still alive (heartbeat), where to go on (checkpoint), how it ended."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, null=True, related_name="+")
    task = models.CharField(max_length=120)
    queue = models.CharField(max_length=20, choices=Queue.choices)
    target_id = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.BigIntegerField(default=0)
    expected = models.BigIntegerField(null=True)
    checkpoint = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="how often a worker took it")
    vain_attempts = models.PositiveSmallIntegerField(default=0, help_text="of these, since it last got further")
    lease = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    pause_requested_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, help_text="since when it is in its queue, this time")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"], name="jobs_newest_first"),
            models.Index(
                fields=["heartbeat_at"], name="jobs_alive", condition=models.Q(state__in=["queued", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"job:{self.pk}"

    @property
    def ended(self) -> bool:
        return self.state in JobState.ended()

    @property
    def silent(self) -> bool:
        """Runs, but nobody has said so for a while: its worker died, or can't reach the database."""
        alive = self.heartbeat_at or self.created_at
        return self.state == JobState.RUNNING and alive < timezone.now() - SILENCE

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        if self.state == JobState.DONE:
            return 1.0
        return min(self.done / self.expected, 1.0) if self.expected else 0.0

    @property
    def rate(self) -> float | None:
        """Units a second since the start of this run, or None before there is something to divide."""
        if not (self.started_at and self.done):
            return None
        seconds = ((self.finished_at or self.heartbeat_at or self.started_at) - self.started_at).total_seconds()
        return self.done / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        if self.ended or not (self.rate and self.expected):
            return None
        return max(self.expected - self.done, 0) / self.rate
