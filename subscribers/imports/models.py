"""Imports: a file of contacts with the proof of where it comes from, and how reading it went."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.organisations.scoping import TenantManager
from subscribers.contacts.models import Origin
from subscribers.imports.problems import in_words


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    QUARANTINED = "quarantined", _("In quarantine")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", pgettext_lazy("import", "Cancelled")
    UNDONE = "undone", _("Undone")


class UpdateRule(models.TextChoices):
    """What happens to a contact that is already known."""

    FILL = "fill", _("Fill in what is empty")
    OVERWRITE = "overwrite", _("Overwrite with the file")
    SKIP = "skip", _("Leave as it is")


class FileKind(models.TextChoices):
    """What the file is, once unpacked; all but ``csv`` are turned into one table of text before they are read."""

    CSV = "csv", _("Text with delimiters")
    XLSX = "xlsx", "Excel (XLSX)"
    XLS = "xls", "Excel (XLS)"
    ODS = "ods", "OpenDocument (ODS)"
    JSON = "json", "JSON"
    NDJSON = "ndjson", "NDJSON"
    VCARD = "vcard", "vCard"


class DateOrder(models.TextChoices):
    """How a date such as 03/04/2026 is meant; empty: by the country of the organisation."""

    DAY_FIRST = "dmy", _("Day, month, year")
    MONTH_FIRST = "mdy", _("Month, day, year")
    YEAR_FIRST = "ymd", _("Year, month, day")


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
    file_key = models.BinaryField(null=True, help_text="the key of its stored files, sealed for the organisation")
    file_kind = models.CharField(max_length=6, choices=FileKind.choices, default=FileKind.CSV)
    parts = models.JSONField(default=list, help_text="names of the sheets, or of the files in the archive")
    part = models.CharField(max_length=200, blank=True, help_text="the one of `parts` that is read")
    table = models.FileField(
        upload_to="imports/", max_length=200, blank=True, help_text="what is read instead of `file` when that is no CSV"
    )
    table_size = models.BigIntegerField(default=0)

    choice = models.JSONField(default=dict, help_text="how the file is to be read, until it has been looked into")
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    quote = models.CharField(max_length=1, default='"')
    header = models.BooleanField(default=True, help_text="the first row names the columns")
    skipped_lines = models.PositiveIntegerField(default=0, help_text="lines above the first row that are no rows")
    date_order = models.CharField(max_length=3, choices=DateOrder.choices, blank=True)
    doubts = models.JSONField(default=list, help_text="what was unsure in the reading: codes, `mapping:<column>`")
    preset = models.CharField(max_length=40, blank=True, help_text="the tool whose export this is")
    sensitive = models.JSONField(default=dict, help_text="column -> why it looks like special-category data (G 9)")
    cleared = models.JSONField(default=dict, help_text="column -> the written reason why it is no such data")
    reject_flags = models.JSONField(default=list, help_text="flags whose rows are rejected: `role_address`, …")
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
    partners = models.TextField(_("partners named to the person"), blank=True)
    collection_point = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="key of the point that asked them (N-01)"
    )
    notice_language = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="in which all of them were asked; empty: each in their own",
    )
    warnings = models.JSONField(default=list, help_text="codes of what the importer was warned of (X-02)")

    rows_read = models.BigIntegerField(default=0)
    rows_created = models.BigIntegerField(default=0)
    rows_updated = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    rows_suppressed = models.BigIntegerField(default=0)
    stage_counts = models.JSONField(default=dict, help_text="what the import stages counted, by stage")
    rejects_by_code = models.JSONField(default=dict)
    flags_by_code = models.JSONField(default=dict, help_text="flag -> rows; flagged rows are imported")
    flagged_domains = models.JSONField(default=dict, help_text="domain -> {suggestion, rows} of probable slips")
    outcomes = models.JSONField(default=dict, help_text="outcome -> rows kept for download after a dry run")
    error_code = models.CharField(max_length=60, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    released_at = models.DateTimeField(null=True, help_text="the sample was proven (I-04)")
    released_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    frozen_at = models.DateTimeField(null=True, help_text="the lot is recalled: nobody of it is written to (I-12)")
    frozen_reason = models.TextField(blank=True)
    undo_job = models.ForeignKey("portal.Job", on_delete=models.SET_NULL, null=True, related_name="+")
    undo_counts = models.JSONField(default=dict, help_text="what the undo removed, restored, reverted and left")
    undone_at = models.DateTimeField(null=True)
    delete_job = models.ForeignKey("portal.Job", on_delete=models.SET_NULL, null=True, related_name="+")
    delete_counts = models.JSONField(default=dict, help_text="whom the deletion of the lot erased, and whom it left")
    deleted_at = models.DateTimeField(null=True, help_text="the lot was recalled and its people erased (I-12)")

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
        indexes = [
            models.Index(fields=["organisation", "-id"], name="imports_newest_first"),
            # The gate asks for these; there are few. By their origin, not their state: the people of an unproven list
            # stay unproven when its import fails, is cancelled or undone.
            models.Index(
                fields=["organisation", "id"],
                name="imports_held",
                condition=models.Q(frozen_at__isnull=False)
                | models.Q(origin_kind__in=["partner", "bought"], released_at__isnull=True, dry_run=False),
            ),
        ]

    def __str__(self) -> str:
        return f"import:{self.pk}"


class ImportReject(models.Model):
    """A row that was not taken: its line in the file, the reason, and its cells as they came.

    ``detail`` is what `problems.in_words` makes a sentence of in the reader's language, empty where the code says all;
    ``column`` the one it is about. A row of before has its sentence in ``detail``, in the language of its day.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    source_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    line = models.BigIntegerField()
    code = models.CharField(max_length=30)
    detail = models.CharField(max_length=300, blank=True)
    column = models.TextField(blank=True, default="", db_default="")
    cells = models.JSONField()

    objects = TenantManager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "source_import", "line"], name="rejects_by_line")]

    def __str__(self) -> str:
        return f"reject:{self.pk}"

    @property
    def sentence(self) -> str:
        """Why, in the language in force."""
        return in_words(self.code, self.detail, self.column)


class DocumentKind(models.TextChoices):
    FORM_SNAPSHOT = "form_snapshot", _("The form as people saw it")
    PARTNER_LIST = "partner_list", _("The list of partners as people saw it")
    PROOF = "proof", _("Another proof")


class ImportDocument(models.Model):
    """A document of the passport: what proves where the people of a file come from (I-02). Stored encrypted."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    source_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=13, choices=DocumentKind.choices)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the document as it came")
    file = models.FileField(upload_to="import-documents/", max_length=200)
    file_key = models.BinaryField(null=True, help_text="its key, sealed for the organisation")
    added_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"import-document:{self.pk}"


class Verdict(models.TextChoices):
    PROVEN = "proven", _("Proven")
    UNPROVEN = "unproven", _("Not proven")


class ImportSample(models.Model):
    """One row drawn at random from a quarantined import, whose proof a person looks up (I-04)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    source_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="sample", db_index=False)
    line = models.BigIntegerField()
    draw = models.FloatField(help_text="the random number that drew it: the smallest ones of the import are the sample")
    contact = models.ForeignKey(
        "subscribers.Contact", on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=True
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True)
    note = models.TextField(blank=True)
    checked_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "source_import", "line"], name="one_sample_a_line")
        ]

    def __str__(self) -> str:
        return f"import-sample:{self.pk}"


class ImportChange(models.Model):
    """What an import changed of a contact it met: the values before and after, so that it can be undone.

    Keys are columns of the contact and ``attributes.<key>``; ``tags`` holds the tags that were added.
    """

    # Written by the hundred thousand, so without constraints; the import is the only writer.
    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    source_import = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="changes", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(
        "subscribers.Contact", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    before = models.JSONField()
    after = models.JSONField()

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "source_import", "contact"], name="changes_of_imports"),
            models.Index(fields=["organisation", "contact"], name="changes_of_contacts"),
        ]

    def __str__(self) -> str:
        return f"import-change:{self.pk}"


class SavedMapping(models.Model):
    """How files of these columns were read the last time, and where they came from: offered again the next time."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    signature = models.CharField(max_length=64, help_text="SHA-256 of the names of the columns, in any order")
    name = models.CharField(max_length=200, help_text="the source, as the importer named it")
    mapping = models.JSONField(default=dict)
    choices = models.JSONField(default=dict, help_text="date order, update rule and flags that reject")
    declaration = models.JSONField(default=dict, help_text="origin, basis and consents")
    used_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "signature"], name="one_mapping_a_signature")]

    def __str__(self) -> str:
        return f"saved-mapping:{self.pk}"
