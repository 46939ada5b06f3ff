"""Collection points, every version of their forms, and sign-ups that wait for the person's own click."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager


class PointKind(models.TextChoices):
    FORM = "form", _("Web form")
    API = "api", _("System of ours")
    IMPORT = "import", _("Import")
    PAPER = "paper", _("Paper")
    PHONE = "phone", _("Phone call")


class PointState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    CLOSED = "closed", _("Closed")


class Asking(models.TextChoices):
    """How a choice is put; either way nothing is chosen beforehand (C-02)."""

    BOXES = "boxes", _("A box for each, all empty")
    YES_NO = "yes_no", _("Yes or no for each, as equals; a no is kept, too")


class CollectionPoint(models.Model):
    """One place where people are asked: what for, with which notice, and what else they are asked there (N-01)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.SlugField(_("key"), max_length=40, validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")])
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=6, choices=PointKind.choices, default=PointKind.FORM)
    state = models.CharField(max_length=6, choices=PointState.choices, default=PointState.DRAFT)
    notice = models.SlugField(_("notice"), max_length=40, blank=True, help_text="key of the notice it shows")
    choices = models.JSONField(default=list, help_text="[{purpose, channel}]: each asked by itself (C-03)")
    asking = models.CharField(max_length=6, choices=Asking.choices, default=Asking.BOXES)
    fields = models.JSONField(
        default=list, help_text="[{name, justification, required}]: what else is asked (G 5(1)(c))"
    )
    languages = ArrayField(models.CharField(max_length=10), default=list)
    texts = models.JSONField(default=dict, help_text="language -> title, intro, thanks")
    double_opt_in = models.BooleanField(_("double opt-in"), default=True)
    age_question = models.BooleanField(_("age question"), default=False)
    origins = ArrayField(models.CharField(max_length=200), default=list, help_text="sites that may send or frame it")
    accent = models.CharField(_("colour"), max_length=7, blank=True)
    number = models.PositiveIntegerField(default=0, help_text="of the form version that is shown; 0 before the first")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100, help_text="as the audit log names them")
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=100, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=100, blank=True)

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_point_a_key")]

    def __str__(self) -> str:
        return self.name

    @property
    def config(self) -> dict[str, Any]:
        """What a version of the form is made of; plain JSON."""
        return {
            "kind": str(self.kind),
            "notice": self.notice,
            "choices": self.choices,
            "asking": str(self.asking),
            "fields": self.fields,
            "languages": list(self.languages),
            "texts": self.texts,
            "double_opt_in": self.double_opt_in,
            "age_question": self.age_question,
            "accent": self.accent,
        }


class FormVersion(models.Model):
    """Everything a form showed from one moment on, in each language; never changed (C-07, C-08)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    point = models.ForeignKey(CollectionPoint, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the document in canonical JSON (RFC 8785)")
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=100)

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "number"], name="one_form_a_version")]

    def __str__(self) -> str:
        return f"form-version:{self.pk}"


class SignUpState(models.TextChoices):
    WAITING = "waiting", _("Waiting for the click")
    RECORDED = "recorded", _("Confirmed")
    REFUSED = "refused", _("Said no to everything")
    EXPIRED = "expired", _("Never confirmed")


class Signatory(models.TextChoices):
    PERSON = "person", _("the person")
    CHILD = "child", _("the child")
    PARENT = "parent", _("a holder of parental authority")


class SignUp(models.Model):
    """One answer to a form. What it says of the person is sealed, and gone once it is recorded or has expired.

    No contact exists before the confirming click. An emptied row only counts.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    point = models.ForeignKey(CollectionPoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=SignUpState.choices, default=SignUpState.WAITING)
    signatory = models.CharField(max_length=6, choices=Signatory.choices, default=Signatory.PERSON)
    pair = models.UUIDField(null=True, help_text="what a child's and a parent's answer have in common (K-02)")
    language = models.CharField(max_length=10)
    token_hash = models.BinaryField(max_length=32, null=True, unique=True)
    payload = models.BinaryField(null=True)
    address_digest = models.BinaryField(max_length=32, null=True, help_text="keyed hash, to find and to erase it by")
    mail = models.ForeignKey(
        "portal.OutgoingMail", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    attachment = models.ForeignKey(
        "consent.EvidenceFile", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, help_text="when the click came")

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "point", "created_at"], name="sign_ups_by_point"),
            models.Index(
                fields=["organisation", "address_digest"],
                name="sign_ups_by_address",
                condition=models.Q(address_digest__isnull=False),
            ),
            models.Index(fields=["expires_at"], name="sign_ups_waiting", condition=models.Q(payload__isnull=False)),
            models.Index(fields=["pair"], name="sign_ups_paired", condition=models.Q(pair__isnull=False)),
            # A scan that is destroyed looks for the sign-up it came with.
            models.Index(
                fields=["attachment"], name="sign_ups_with_scan", condition=models.Q(attachment__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"sign-up:{self.pk}"


class EvidenceFile(models.Model):
    """A scan or a recording that proves an answer: stored sealed, its SHA-256 in the evidence document."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    contact = models.ForeignKey(
        "subscribers.Contact",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    digest = models.BinaryField(max_length=32)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    file = models.FileField(max_length=200)
    file_key = models.BinaryField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "contact"],
                name="evidence_files_of_contacts",
                condition=models.Q(contact__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"evidence-file:{self.pk}"
