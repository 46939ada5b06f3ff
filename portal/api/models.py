"""Credentials of programs, and the answers remembered for `Idempotency-Key`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class TokenKind(models.TextChoices):
    MEMBER = "member", _("Member")
    ENGINE_LIVE = "engine_live", _("Engine, live")
    ENGINE_TEST = "engine_test", _("Engine, test")
    HOST = "host", _("Host operator")


class ApiToken(models.Model):
    """A bearer token: shown once, kept as SHA-256 of its 256 random bits (nothing to guess, so no slow hash).

    A member's token acts as that member, narrowed to its scopes. Engine and host tokens belong to the host; an
    engine's may be bound to organisations (none: all) and to client networks (none: any).
    """

    kind = models.CharField(max_length=12, choices=TokenKind.choices)
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=16)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    membership = models.ForeignKey(
        "portal.Membership", on_delete=models.CASCADE, null=True, related_name="tokens"
    )
    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, null=True, related_name="+")
    organisations = models.ManyToManyField("portal.Organisation", blank=True, related_name="+")
    networks = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"), default=list, blank=True)
    created_by = models.ForeignKey("portal.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token:{self.pk}"


class IdempotencyRecord(models.Model):
    """What a POST with an `Idempotency-Key` was answered; empty ``status`` while it is still being worked on."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return f"idempotency:{self.pk}"
