"""What an organisation decided about its proofs, and the archive of evidence."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager

FIVE_YEARS = 1826
LONGEST_DAYS = 3653


class ProofPolicy(models.Model):
    """Per organisation: how long evidence outlives the person's erasure, and whether people get receipts (C-15)."""

    organisation = models.OneToOneField(
        "portal.Organisation", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    archive_days = models.PositiveIntegerField(
        _("days in the archive"),
        default=FIVE_YEARS,
        help_text=_(
            "How long the evidence of an erased person is kept in the archive, for a dispute about what was lawful. "
            "0 destroys it with the person."
        ),
    )
    archive_reason = models.CharField(
        _("reason"),
        max_length=300,
        blank=True,
        help_text=_("The law or the limitation period it rests on. The archive is never for “just in case”."),
    )
    receipts = models.BooleanField(
        _("receipts by e-mail"),
        default=True,
        help_text=_(
            "Whoever chooses something on a page gets a receipt by e-mail: what, when, and how to take it back."
        ),
    )

    objects = TenantManager()

    def __str__(self) -> str:
        return f"proof-policy:{self.pk}"


class ArchivedFile(models.Model):
    """A scan or a recording of somebody who is erased, which only the archive's key opens; named by archived documents.

    The bytes lie where they lay; what opens them is ``file_key``, sealed with the archive's key.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, db_index=False, related_name="+")
    contact_number = models.BigIntegerField(help_text="the contact's id, which the events name too")
    digest = models.BinaryField(max_length=32)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    file = models.FileField(max_length=200)
    file_key = models.BinaryField()
    reason = models.CharField(max_length=300)
    archived_by = models.CharField(max_length=100)
    archived_at = models.DateTimeField()
    keep_until = models.DateTimeField(help_text="never before that of a document which names it")

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "contact_number"], name="archived_files_by_contact"),
            models.Index(fields=["keep_until"], name="archived_files_by_end"),
        ]

    def __str__(self) -> str:
        return f"archived-file:{self.pk}"


class ArchivedEvidence(models.Model):
    """One document of evidence under the archive's own key; its digest still stands in the sealed event.

    It names the contact by number alone: the contact may be gone, and nothing may cascade into the archive.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, db_index=False, related_name="+")
    contact_number = models.BigIntegerField(help_text="the contact's id, which the events name too")
    digest = models.BinaryField(max_length=32)
    payload = models.BinaryField()
    file = models.ForeignKey(
        ArchivedFile,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
        help_text="the scan or the recording that the document names",
    )
    reason = models.CharField(max_length=300)
    archived_by = models.CharField(max_length=100)
    archived_at = models.DateTimeField()
    keep_until = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "digest"], name="one_archived_evidence_a_digest")
        ]
        indexes = [
            models.Index(fields=["organisation", "contact_number"], name="archive_by_contact"),
            models.Index(fields=["keep_until"], name="archive_by_end"),
        ]

    def __str__(self) -> str:
        return f"archived-evidence:{self.pk}"
