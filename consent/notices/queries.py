"""Reads of notices. What is live comes from the frozen versions, never from a draft."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django_scopes import scopes_disabled

from consent.notices.models import NoticeVersion


def live_version(organisation_id: int, notice: str, language: str) -> NoticeVersion | None:
    """The wording that is shown now, in exactly this language; works in and out of a scope."""
    with scopes_disabled():
        return NoticeVersion.objects.filter(
            organisation_id=organisation_id, notice=notice, language=language, ended_at=None
        ).first()


def last_published_at(organisation_id: int, notice: str) -> datetime | None:
    """When the newest version was published, live or not."""
    with scopes_disabled():
        rows = NoticeVersion.objects.filter(organisation_id=organisation_id, notice=notice)
        return rows.order_by("-number").values_list("published_at", flat=True).first()


def first_wordings(organisation_id: int, names: Collection[str]) -> dict[str, NoticeVersion]:
    """The oldest wording each of these names can mean: ``key``, ``key/number`` or ``key/number/language``.

    Names that are no notice of this organisation are left out. One query; index: one_wording_a_version.
    """
    keys = {name.partition("/")[0] for name in names} - {""}
    if not keys:
        return {}
    with scopes_disabled():
        rows = NoticeVersion.objects.filter(organisation_id=organisation_id, notice__in=keys).defer("html", "text")
        found = {
            name: row
            for row in rows.order_by("-published_at", "-pk")
            for name in (row.notice, f"{row.notice}/{row.number}", row.label)
        }
    return {name: found[name] for name in names if name in found}


def live_languages(organisation_id: int, notice: str) -> list[str]:
    """The languages the live version is in."""
    with scopes_disabled():
        rows = NoticeVersion.objects.filter(organisation_id=organisation_id, notice=notice, ended_at=None)
        return list(rows.order_by("language").values_list("language", flat=True))


def wordings_of_version(organisation_id: int, notice: str, number: int | None) -> list[NoticeVersion]:
    """All languages of one version, or of the live one (``number`` None)."""
    with scopes_disabled():
        rows = NoticeVersion.objects.filter(organisation_id=organisation_id, notice=notice)
        rows = rows.filter(ended_at=None) if number is None else rows.filter(number=number)
        return list(rows.order_by("language"))


def best_wording(wordings: Sequence[NoticeVersion], languages: Sequence[str]) -> NoticeVersion | None:
    """The first of these languages there is, else the first wording."""
    by_language = {wording.language: wording for wording in wordings}
    for language in languages:
        if language in by_language:
            return by_language[language]
    return wordings[0] if wordings else None


@dataclass(frozen=True)
class VersionLine:
    """One version in all its languages."""

    number: int
    wordings: tuple[NoticeVersion, ...]
    published_at: datetime
    ended_at: datetime | None

    @property
    def languages(self) -> list[str]:
        return [wording.language for wording in self.wordings]


def versions_of(organisation_id: int, notice: str) -> list[VersionLine]:
    """Every version, newest first."""
    with scopes_disabled():
        rows = list(
            NoticeVersion.objects.filter(organisation_id=organisation_id, notice=notice).order_by("-number", "language")
        )
    return version_lines(rows)


def version_lines(rows: Sequence[NoticeVersion]) -> list[VersionLine]:
    numbers = dict.fromkeys(row.number for row in rows)
    lines = []
    for number in numbers:
        wordings = tuple(row for row in rows if row.number == number)
        lines.append(VersionLine(number, wordings, wordings[0].published_at, wordings[0].ended_at))
    return lines
