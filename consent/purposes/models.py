"""Purposes: why an organisation writes to people, and on what basis (B-01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.organisations.scoping import TenantManager


class Basis(models.TextChoices):
    CONSENT = "consent", _("Consent")
    SOFT_OPT_IN = "soft_opt_in", _("Soft opt-in")
    LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest")
    CONTRACT = "contract", _("Contract")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")


class Kind(models.TextChoices):
    MESSAGE = "message", _("Messages")
    TRACKING = "tracking", _("Tracking of opens and clicks")


def texts_of(texts: Mapping[str, Mapping[str, str]], language: str | None) -> Mapping[str, str]:
    """The entry of this language, or of the language without its region; empty where there is none."""
    code = (language or "").lower()
    return texts.get(code) or texts.get(code.partition("-")[0]) or {}


class Purpose(models.Model):
    """One reason to write, with one basis; people agree to purposes, never to "marketing" at large (C-03)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(
        _("key"),
        max_length=50,
        validators=[RegexValidator(r"^[a-z][a-z0-9_-]*$")],
        help_text=_("Small letters, digits, hyphens and underscores; used in rules, imports and the API."),
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("As people will read it."))
    description = models.TextField(_("description"), blank=True)
    basis = models.CharField(_("basis"), max_length=20, choices=Basis.choices)
    channels = ArrayField(models.CharField(max_length=5, choices=Channel.choices), verbose_name=_("channels"))
    double_opt_in = models.BooleanField(_("double opt-in"), default=False)
    valid_for_days = models.PositiveIntegerField(
        _("valid for, in days"),
        null=True,
        blank=True,
        help_text=_("After that a consent expires and must be asked for again. Empty: no end."),
    )
    public = models.BooleanField(_("shown to people"), default=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.MESSAGE)
    texts = models.JSONField(
        _("other languages"), default=dict, blank=True, help_text="language -> name and description"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    renew_before_days = models.PositiveIntegerField(_("ask again before the end, in days"), null=True, blank=True)
    ask_again_after_days = models.PositiveIntegerField(_("do not ask again for, in days"), default=182)
    age_limit = models.PositiveSmallIntegerField(_("age limit"), null=True, blank=True)
    data_categories = ArrayField(
        models.CharField(max_length=100), verbose_name=_("data used"), default=list, blank=True
    )
    recipients = ArrayField(models.CharField(max_length=200), verbose_name=_("recipients"), default=list, blank=True)
    retention = models.CharField(_("kept for"), max_length=200, blank=True)
    retention_from = models.CharField(_("counted from"), max_length=200, blank=True)
    special_category = models.BooleanField(_("special category of data"), default=False)
    explicit_wording = models.TextField(_("explicit wording"), blank=True)
    soft_opt_in = models.JSONField(_("facts of the soft opt-in"), default=dict, blank=True)
    balance = models.JSONField(_("balance of interests"), default=dict, blank=True)
    profession_note = models.TextField(_("link with the profession"), blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    replaces_reason = models.TextField(_("reason"), blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    material_version = models.PositiveSmallIntegerField(
        default=1, help_text="the newest version that people must agree to anew (C-10)"
    )
    material_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="one_purpose_a_key"),
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(kind="tracking"), name="one_tracking_purpose"
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_tracking(self) -> bool:
        return self.kind == Kind.TRACKING

    def name_in(self, language: str | None) -> str:
        """The name as a reader of this language reads it; the organisation's own where there is no other."""
        return texts_of(self.texts, language).get("name") or self.name

    def description_in(self, language: str | None) -> str:
        return texts_of(self.texts, language).get("description") or self.description


class PurposeVersion(models.Model):
    """What a purpose said from ``created_at`` on: append-only, so that what was agreed to can be shown (C-10)."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField(_("version"))
    values: Any = models.JSONField(help_text="every value and text, as `consent.purposes.versions` lists them")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the values in canonical JSON (RFC 8785)")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100, help_text="as the audit log names them")
    material = models.BooleanField(help_text="whoever agreed to an earlier version is asked again")
    reason = models.TextField(blank=True, help_text="why it is, or is not, a material change")

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purpose", "number"], name="one_version_a_number")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"purpose-version:{self.purpose_id}/{self.number}"
