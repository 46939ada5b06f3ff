"""Purposes: why an organisation writes to people, and on what basis (B-01)."""

from __future__ import annotations

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
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_purpose_a_key")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
