"""The keys of each organisation, wrapped by the master key."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager


class KeyPurpose(models.TextChoices):
    """What a key may be used for; one key never serves two purposes."""

    DATA = "data", _("Stored data")
    SUPPRESSION = "suppression", _("Suppression list")
    LINKS = "links", _("Links")
    SIGNING = "signing", _("Signatures")
    ARCHIVE = "archive", _("Archived evidence")


class OrganisationKey(models.Model):
    """One version of one key. Versions are only ever added: what an old key sealed must stay readable.

    The key in use is the newest version; ``retired_at`` says since when a version is for reading only.
    """

    organisation = models.ForeignKey(
        "portal.Organisation",
        # Losing a key destroys what it sealed, and the proof of consent with it: never as a side effect.
        on_delete=models.PROTECT,
        null=True,
        related_name="keys",
        help_text=_("Empty for a key of the host."),
    )
    purpose = models.CharField(max_length=16, choices=KeyPurpose.choices)
    version = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField(help_text=_("The key under AES-256-GCM, by a key derived from the master key."))
    public_key = models.BinaryField(null=True, help_text=_("The Ed25519 public key, for signing keys."))
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "purpose", "version"],
                nulls_distinct=False,
                name="organisation_key_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"
