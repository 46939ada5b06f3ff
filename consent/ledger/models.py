"""The ledger's tables. `consent.ledger` is their only writer; the database refuses any change to an event."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.purposes.models import Basis
from portal.channels import Channel
from portal.organisations.scoping import TenantManager


class Action(models.TextChoices):
    ASK = "ask", _("was asked")
    GRANT = "grant", _("agreed")
    CONFIRM = "confirm", _("confirmed")
    REFUSE = "refuse", _("refused")
    WITHDRAW = "withdraw", _("withdrew")
    OBJECT = "object", _("objected")
    EXPIRE = "expire", _("expired")
    PAUSE = "pause", _("paused")
    RESUME = "resume", _("resumed")
    REVERT = "revert", _("undone with its import")
    RESET = "reset", _("to be confirmed again: new address")


class Status(models.TextChoices):
    """Where a person stands for one purpose and channel."""

    GRANTED = "granted", _("agreed")
    UNCONFIRMED = "unconfirmed", _("waiting for confirmation")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    OBJECTED = "objected", _("objected")
    EXPIRED = "expired", _("expired")
    PAUSED = "paused", _("paused")
    UNANSWERED = "unanswered", _("asked, no answer")
    NONE = "none", _("nothing recorded")


class EventSource(models.TextChoices):
    """The manner in which the person's choice reached us."""

    IMPORT = "import", _("Import")
    API = "api", _("API")
    STAFF = "staff", _("Entered by a member")
    ONE_CLICK = "one_click", _("One click in the mail program")
    LINK = "link", _("Page behind a link")
    FORM = "form", _("Form")
    SYSTEM = "system", _("Accord")


class Evidence(models.Model):
    """What proves an event, encrypted (AES-256-GCM); ``digest`` is the SHA-256 of the document in canonical JSON.

    Destroying the row leaves the event and its digest: the ledger still verifies.
    """

    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.PROTECT, db_constraint=False, related_name="+", db_index=False
    )
    contact = models.ForeignKey(
        "subscribers.Contact",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
        help_text="the person it speaks of; empty when one document proves a whole import",
    )
    digest = models.BinaryField(max_length=32)
    payload = models.BinaryField()
    created_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "contact"],
                name="evidence_by_contact",
                condition=models.Q(contact__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"evidence:{self.pk}"


class ImportProof(models.Model):
    """The one document that proves what an import claims: its file, its origin, its mapping, the note (I-01)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    source_import = models.ForeignKey(
        "subscribers.Import", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    evidence = models.ForeignKey(
        Evidence, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "source_import"], name="one_proof_an_import")]

    def __str__(self) -> str:
        return f"import-proof:{self.pk}"


class ConsentEvent(models.Model):
    """One thing a person (or Accord) did about one purpose on one channel. Append-only (C-01, C-12).

    ``transaction`` is the writing transaction: seals take events in (transaction, id) order.
    """

    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    contact = models.ForeignKey(
        "subscribers.Contact",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    purpose = models.ForeignKey(
        "consent.Purpose", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    channel = models.CharField(max_length=5, choices=Channel.choices)
    action = models.CharField(max_length=8, choices=Action.choices)
    basis = models.CharField(max_length=20, choices=Basis.choices)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=EventSource.choices)
    source_reference = models.CharField(max_length=60, blank=True, db_default="")
    notice_version = models.CharField(max_length=60, blank=True, db_default="")
    evidence = models.ForeignKey(
        Evidence, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    evidence_digest = models.BinaryField(max_length=32, null=True)
    purpose_version = models.PositiveSmallIntegerField(
        null=True, help_text="what the purpose said when the choice was recorded (C-08)"
    )
    notice_digest = models.BinaryField(
        max_length=32, null=True, help_text="SHA-256 of the text shown, in the words and language it was shown in"
    )
    collection_point_id = models.BigIntegerField(null=True, help_text="where the person was asked")
    actor = models.CharField(
        max_length=60, blank=True, db_default="", help_text="who answered, when it was not the person (C-13)"
    )
    paused_until = models.DateTimeField(null=True, help_text="the end of a pause that has one")
    # xid8, set by the database itself (default in migration 0002); Django never writes it.

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "contact", "id"], name="events_by_contact"),
            # Imports write grants by the million and don't pay for this one.
            models.Index(
                fields=["organisation", "action", "id"],
                name="events_not_grants",
                condition=~models.Q(action="grant"),
            ),
            # Events are written in the order of their time, so a few numbers a block find those of an import.
            BrinIndex(fields=["recorded_at"], name="events_by_time", autosummarize=True, pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"event:{self.pk}"


class ConsentState(models.Model):
    """Where a contact stands for a purpose and channel now: the newest word of the ledger, kept beside it."""

    pk = models.CompositePrimaryKey("organisation_id", "contact_id", "purpose_id", "channel")
    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    contact = models.ForeignKey(
        "subscribers.Contact",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    purpose = models.ForeignKey(
        "consent.Purpose", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    channel = models.CharField(max_length=5, choices=Channel.choices)
    status = models.CharField(max_length=11, choices=Status.choices)
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    event_id = models.BigIntegerField(help_text="the event that made it so")
    purpose_version = models.PositiveSmallIntegerField(
        null=True, help_text="what the purpose said when the person agreed; empty: as of `since` (C-10)"
    )

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "purpose", "channel", "contact"],
                name="states_granted",
                condition=models.Q(status="granted"),
            )
        ]

    def __str__(self) -> str:
        return f"state:{self.contact_id}/{self.purpose_id}/{self.channel}"
