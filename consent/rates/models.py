"""How many answers were given each day, counted from the ledger so that no page has to; they can be counted anew."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.ledger.models import Action
from portal.channels import Channel
from portal.organisations.scoping import TenantManager


class SourceKind(models.TextChoices):
    """Whose word an event is. Imports are no act of asking; a parent's word comes on top of the child's answer."""

    PERSON = "person", _("The person")
    PARENT = "parent", _("A parent")
    IMPORT = "import", _("Import")
    SYSTEM = "system", _("Accord")


class DailyCount(models.Model):
    """Events of one kind about one purpose and channel at one collection point on one day."""

    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField(help_text="on which the person chose, in the organisation's time zone")
    purpose = models.ForeignKey(
        "consent.Purpose", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    channel = models.CharField(max_length=5, choices=Channel.choices)
    collection_point_id = models.BigIntegerField(null=True, help_text="empty: another way")
    action = models.CharField(max_length=8, choices=Action.choices)
    source_kind = models.CharField(max_length=6, choices=SourceKind.choices)
    count = models.BigIntegerField()

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "day", "purpose", "channel", "collection_point_id", "action", "source_kind"],
                nulls_distinct=False,
                name="one_count_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"count:{self.pk}"


class CountedOrganisation(models.Model):
    """The time zone in which an organisation's days were counted; in another one they are counted anew."""

    organisation = models.OneToOneField(
        "portal.Organisation", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    time_zone = models.CharField(max_length=64)

    objects = TenantManager()

    def __str__(self) -> str:
        return f"counted:{self.pk}"


class CountingState(models.Model):
    """How far the ledger is counted; one row, written by the statement that counts.

    After a restore from a dump the cluster counts transactions anew: events up to ``known_id`` of transactions from
    ``known_from`` on were in the dump, and are counted.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    horizon = models.BigIntegerField(default=0, help_text="events of transactions below it are counted")
    known_from = models.BigIntegerField(default=0)
    known_id = models.BigIntegerField(default=0)
    system = models.CharField(
        max_length=20, blank=True, db_default="", help_text="the database cluster that counts these transactions"
    )
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"counting:{self.horizon}"
