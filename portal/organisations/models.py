"""Organisations (the client companies), their members and the invitations that make members."""

from __future__ import annotations

from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.roles import Capability, Role, capabilities_of, role_names
from portal.organisations.scoping import TenantManager


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("This is not a time zone. Example: Europe/Paris."), code="invalid_time_zone")


class Organisation(models.Model):
    """A client company: the controller of its contacts (G 4(7))."""

    slug = models.SlugField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")],
        help_text=_("Short name in addresses: small letters, digits and hyphens."),
    )
    name = models.CharField(_("name"), max_length=200)
    locale = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris", validators=[validate_time_zone])
    country = models.CharField(_("country"), max_length=2, default="FR", validators=[RegexValidator(r"^[A-Z]{2}$")])
    dpo_name = models.CharField(_("name of the DPO"), max_length=200, blank=True)
    dpo_email = models.EmailField(_("e-mail of the DPO"), blank=True)
    postal_address = models.TextField(_("postal address"), blank=True)
    # How public pages look: plain columns, so that a page that reads its organisation knows it without a query more.
    accent = models.CharField(_("colour"), max_length=7, blank=True, default="", db_default="", help_text="#rrggbb")
    logo = models.CharField(max_length=64, blank=True, default="", db_default="", help_text="SHA-256 in hex.")
    logo_text = models.CharField(_("text for the logo"), max_length=200, blank=True, default="", db_default="")
    logo_width = models.PositiveSmallIntegerField(default=0, db_default=0)
    logo_height = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class OrganisationLogo(models.Model):
    """The picture itself, re-made by us: apart from the organisation, which is read all the time."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="+")
    png = models.BinaryField()

    objects = TenantManager()

    def __str__(self) -> str:
        return f"logo:{self.pk}"


class Membership(models.Model):
    """A user in an organisation, with roles; ended, never deleted, since the audit names it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), verbose_name=_("roles"))
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="one_membership_a_user"),
        ]

    def __str__(self) -> str:
        return f"member:{self.pk}"

    @property
    def role_names(self) -> list[str]:
        return role_names(self.roles)

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        return capabilities_of(self.roles) if self.ended_at is None else frozenset()


class Invitation(models.Model):
    """An address asked to become a member; its token is mailed and stored as a hash only."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), verbose_name=_("roles"))
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager()

    def __str__(self) -> str:
        return f"invitation:{self.pk}"

    @property
    def role_names(self) -> list[str]:
        return role_names(self.roles)
