"""Reads of notices."""

from __future__ import annotations

from consent.notices.models import NoticeVersion


def live_version(organisation_id: int, notice: str, language: str) -> NoticeVersion | None:
    """The wording of this notice that is shown now in this language, if there is one."""
    found = NoticeVersion.objects.filter(
        organisation=organisation_id, notice=notice, language=language, ended_at__isnull=True
    )
    return found.order_by("-number").first()
