"""Notices as they were shown: every published wording, kept for ever, in the language it was shown in (N-07)."""

from __future__ import annotations

from django.db import models

from consent.notices.kinds import NoticeKind
from portal.organisations.scoping import TenantManager


class NoticeVersion(models.Model):
    """One published wording of a notice in one language. Never changed; only its end is written, once (E5 §108).

    ``digest`` is the SHA-256 of ``text`` in UTF-8: an event that names it names these very words.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, db_index=False, related_name="+")
    notice = models.SlugField(max_length=40, help_text="the notice's key, the same in every language and version")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=10)
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    title = models.CharField(max_length=200)
    html = models.TextField(help_text="as it was shown, cleaned")
    text = models.TextField(help_text="the same in plain text: what the digest is of")
    digest = models.BinaryField(max_length=32)
    form = models.JSONField(null=True, help_text="the form that was shown with it, field by field")
    published_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="since when another version is shown, or none")
    published_by = models.CharField(max_length=100, help_text="who approved it, as the audit log names them")

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "notice", "number", "language"], name="one_wording_a_version"
            )
        ]
        indexes = [
            models.Index(
                fields=["organisation", "notice", "language"],
                name="notices_live",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(fields=["organisation", "digest"], name="notices_by_digest"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What an event's ``notice_version`` says: ``newsletter/3/fr``."""
        return f"{self.notice}/{self.number}/{self.language}"


class NoticeFile(models.Model):
    """A picture or document that a published version shows: its bytes, kept as long as the version (N-07).

    Never changed or deleted. The text of the version names ``digest``, the SHA-256 of the bytes; what is read back from
    the storage and is not these bytes is not shown.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.PROTECT, db_index=False, related_name="+")
    digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    file = models.FileField(max_length=200)
    frozen_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "digest"], name="one_notice_file_a_digest")]

    def __str__(self) -> str:
        return f"notice-file:{bytes(self.digest).hex()}"


__all__ = ["NoticeFile", "NoticeKind", "NoticeVersion"]
