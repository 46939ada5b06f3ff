"""Imports: a file of contacts with the proof of where it comes from, and how reading it went."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager
from subscribers.contacts.models import Origin


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    QUARANTINED = "quarantined", _("In quarantine")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    UNDONE = "undone", _("Undone")


class UpdateRule(models.TextChoices):
    """What happens to a contact that is already known."""

    FILL = "fill", _("Fill in what is empty")
    OVERWRITE = "overwrite", _("Overwrite with the file")
    SKIP = "skip", _("Leave as it is")


class Import(models.Model):
    """One file: how it is read, where it comes from (I-01), what it claims, and the counts, which always add up."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    job = models.ForeignKey("portal.Job", on_delete=models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.UPLOADED)
    dry_run = models.BooleanField(default=False)

    file = models.FileField(upload_to="imports/", max_length=200)
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField()
    file_digest = models.BinaryField(max_length=32, help_text="SHA-256 of the file as it came")

    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    mapping = models.JSONField(default=dict, help_text="column -> target, null when it is dropped")
    columns = models.JSONField(default=list, help_text="the columns in the order of the file")
    consents = models.JSONField(default=list, help_text='[{"purpose": key, "channel": channel}]')
    update_rule = models.CharField(max_length=10, choices=UpdateRule.choices, default=UpdateRule.FILL)

    origin_kind = models.CharField(_("origin"), max_length=10, choices=Origin.choices, blank=True)
    origin_name = models.CharField(_("name of the source"), max_length=200, blank=True)
    collected_by = models.CharField(_("collected by"), max_length=200, blank=True)
    collected_on = models.DateField(_("collected on"), null=True, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=20, blank=True)
    evidence_note = models.TextField(_("evidence"), blank=True)

    rows_read = models.BigIntegerField(default=0)
    rows_created = models.BigIntegerField(default=0)
    rows_updated = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    rows_suppressed = models.BigIntegerField(default=0)
    stage_counts = models.JSONField(default=dict, help_text="what the import stages counted, by stage")
    rejects_by_code = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_counts_add_up",
                condition=models.Q(
                    rows_read=models.F("rows_created")
                    + models.F("rows_updated")
                    + models.F("rows_unchanged")
                    + models.F("rows_rejected")
                    + models.F("rows_duplicate")
                    + models.F("rows_suppressed")
                ),
            )
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="imports_newest_first")]

    def __str__(self) -> str:
        return f"import:{self.pk}"


class ImportReject(models.Model):
    """A row that was not taken: its line in the file, the reason, and its cells as they came."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    source_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    line = models.BigIntegerField()
    code = models.CharField(max_length=30)
    detail = models.CharField(max_length=300)
    cells = models.JSONField()

    objects = TenantManager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "source_import", "line"], name="rejects_by_line")]

    def __str__(self) -> str:
        return f"reject:{self.pk}"
