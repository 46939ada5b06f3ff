"""The audit log: one entry a write, kept by the database itself from being changed (trigger in migration 0002)."""

from __future__ import annotations

from django.db import models

from portal.organisations.actors import ActorKind


class AuditEntry(models.Model):
    """Who did what to what, when and from where; no personal data of contacts (S-03).

    It names users and organisations by id without a database constraint: nothing may cascade into it.
    """

    organisation = models.ForeignKey(
        "portal.Organisation",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    actor_reference = models.CharField(max_length=100)
    user = models.ForeignKey(
        "portal.User", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"], name="audit_newest_first"),
            models.Index(fields=["organisation", "target_type", "target_id"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"audit:{self.pk}"

    @property
    def in_words(self) -> str:
        """The details as a page shows them."""
        return readable(self.details) if self.details else ""


def readable(value: object) -> str:
    """Nested data in one line: ``allowed: 1034, excluded: (unreachable: 2)``."""
    if isinstance(value, dict):
        pairs = (
            f"{key}: ({readable(item)})" if nested(item) else f"{key}: {readable(item)}" for key, item in value.items()
        )
        return ", ".join(pairs) or "-"
    if isinstance(value, list):
        return ", ".join(f"({readable(item)})" if nested(item) else readable(item) for item in value) or "-"
    words = {True: "yes", False: "no", None: "-"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def nested(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)
