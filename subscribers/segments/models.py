"""Segments: saved rules that find people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager


class Segment(models.Model):
    """A rule in JSON (``docs/build/segments.md``) under a name; its people are found anew each time."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=200)
    rule = models.JSONField(_("rule"))
    last_count = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                name="one_segment_a_name",
                condition=models.Q(archived_at__isnull=True),
            )
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="segments_newest_first")]

    def __str__(self) -> str:
        return self.name
