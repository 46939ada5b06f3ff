"""Seals and their blocks, which the database keeps from being changed; the sealer's own state; what verifying found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.seals.canonical import SealFacts

UNNAMED_STREAM = "ledger"
"""The proof file's seals name no stream; those of any other do, so that none passes for one of the ledger's."""


class SealingState(models.Model):
    """How far a stream is sealed: every row of a transaction below ``horizon`` is, once a pass has ended."""

    stream = models.CharField(max_length=20, primary_key=True)
    horizon = models.BigIntegerField(default=0, help_text="transactions below it are sealed")
    epoch = models.IntegerField(default=1, help_text="one more after a restore: transactions are counted anew")
    system = models.CharField(
        max_length=20, blank=True, db_default="", help_text="the database cluster that counts these transactions"
    )
    lease = models.UUIDField(null=True, help_text="of the one sealer that may write")
    passed_at = models.DateTimeField(null=True, help_text="when the last pass ended")

    def __str__(self) -> str:
        return f"sealing:{self.stream}"


class Seal(models.Model):
    """A signature over a run of rows of one organisation, naming the seal before it."""

    stream = models.CharField(max_length=20)
    organisation = models.ForeignKey(
        "portal.Organisation",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
        help_text="empty for what belongs to the host",
    )
    slug = models.CharField(max_length=50, blank=True, help_text="the organisation as it was signed")
    number = models.BigIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.IntegerField()
    total = models.BigIntegerField(help_text="rows sealed up to here")
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32, null=True)
    signed_at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    hash = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    epoch = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "stream", "number"], nulls_distinct=False, name="one_seal_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"seal:{self.stream}/{self.slug}/{self.number}"

    @property
    def facts(self) -> SealFacts:
        """What the row says is signed."""
        return SealFacts(
            organisation=self.slug,
            number=self.number,
            first=self.first,
            last=self.last,
            count=self.count,
            root=bytes(self.root),
            previous=bytes(self.previous) if self.previous is not None else None,
            signed_at=self.signed_at,
            key_id=self.key_id,
            stream="" if self.stream == UNNAMED_STREAM else self.stream,
        )

    @property
    def hash_text(self) -> str:
        return bytes(self.hash).hex()


class SealBlock(models.Model):
    """Up to 1,024 rows of a seal: their ids and leaf hashes in sealed order, so that a proof reads one block only."""

    seal = models.ForeignKey(Seal, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    number = models.IntegerField()
    stream = models.CharField(max_length=20)
    organisation = models.ForeignKey(
        "portal.Organisation",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    epoch = models.IntegerField()
    first_transaction = models.BigIntegerField()
    first = models.BigIntegerField()
    last_transaction = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seal", "number"], name="one_block_a_number")]
        indexes = [
            models.Index(
                fields=["organisation", "stream", "epoch", "first_transaction", "first"], name="blocks_by_position"
            )
        ]

    def __str__(self) -> str:
        return f"block:{self.seal_id}/{self.number}"


class Verification(models.Model):
    """What one verification of a chain found; never changed, so that a later one can ask for the head it saw."""

    stream = models.CharField(max_length=20)
    organisation = models.ForeignKey(
        "portal.Organisation",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    rows = models.BigIntegerField()
    seals = models.BigIntegerField()
    head_number = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(max_length=32, null=True)
    ok = models.BooleanField()
    code = models.CharField(max_length=30, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["organisation", "stream", "-id"], name="verifications_newest_first")]

    def __str__(self) -> str:
        return f"verification:{self.pk}"

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()
