"""Tokens of programs, and what was answered to a POST that may come twice."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager


class TokenKind(models.TextChoices):
    """Whose token it is, and which API it opens."""

    MEMBER = "member", _("Member of an organisation")
    ENGINE_LIVE = "engine_live", _("Sending engine, live")
    ENGINE_TEST = "engine_test", _("Sending engine, test")
    HOST = "host", _("Host operator")


class ApiToken(models.Model):
    """A bearer token, kept as a hash: shown once when it is made, never again.

    The secret is 256 random bits, so there is nothing to guess and one SHA-256 is right; a slow password
    hash would only make each request slow.
    """

    kind = models.CharField(max_length=12, choices=TokenKind.choices)
    organisation = models.ForeignKey(
        "portal.Organisation",
        on_delete=models.PROTECT,
        null=True,
        related_name="tokens",
        help_text=_("Empty for tokens of the host: engines and host operators."),
    )
    membership = models.ForeignKey("portal.Membership", on_delete=models.PROTECT, null=True, related_name="tokens")
    user = models.ForeignKey(
        "portal.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="tokens",
        help_text=_("The host operator a host token belongs to."),
    )
    bound_organisations = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=_("Ids of the organisations an engine may see; empty: all of them."),
    )
    networks = ArrayField(
        models.CharField(max_length=49),
        default=list,
        help_text=_("Networks the token may be used from; empty: anywhere."),
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=20, help_text=_("The first characters, to tell tokens apart."))
    secret_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text=_("To the minute."))
    revoked_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="api_token_newest_first")]

    def __str__(self) -> str:
        return f"token:{self.pk}"


class IdempotencyRecord(models.Model):
    """The answer to a POST with an ``Idempotency-Key``, for 24 hours; no status while the request still
    runs.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"", help_text=_("Sealed: answers may hold personal data."))
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_oldest_first")]

    def __str__(self) -> str:
        return f"idempotency:{self.pk}"
