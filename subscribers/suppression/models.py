"""Suppression: addresses nobody may write to, kept as keyed hashes only (O-03 to O-07)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.organisations.scoping import TenantManager


class HashType(models.TextChoices):
    """How the stored hash was made: our own keyed one, or a plain one another tool exported."""

    KEYED = "keyed", _("keyed hash")
    SHA256 = "sha256", "SHA-256"
    MD5 = "md5", "MD5"


class SuppressionReason(models.TextChoices):
    OBJECTION = "objection", _("Objection")
    COMPLAINT = "complaint", _("Spam complaint")
    BOUNCE = "bounce", _("Bounced out")
    ERASURE = "erasure", _("Erased")
    IMPORTED = "imported", _("Opt-out from another tool")
    MANUAL = "manual", _("Entered by a member")


class Suppression(models.Model):
    """One address on one channel; ``contact`` is set while a contact has that address, so that the gate can join."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    hash_type = models.CharField(max_length=6, choices=HashType.choices, default=HashType.KEYED)
    key_version = models.PositiveSmallIntegerField(default=0)
    digest = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=10, choices=SuppressionReason.choices)
    contact = models.ForeignKey(
        "subscribers.Contact", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "channel", "hash_type", "digest"], name="one_suppression_an_address"
            )
        ]
        indexes = [
            # The contact first: deleting one asks for it alone.
            models.Index(
                fields=["contact", "channel"],
                name="suppressions_of_contacts",
                condition=models.Q(contact__isnull=False),
            ),
            models.Index(fields=["organisation", "-id"], name="suppressions_newest_first"),
        ]

    def __str__(self) -> str:
        return f"suppression:{self.pk}"
