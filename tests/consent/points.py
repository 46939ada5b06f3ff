"""A form that another tool shows, with a notice of Acme's in two languages."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from django_scopes import scope

from consent.collection.models import CollectionPoint
from consent.notices.models import NoticeKind, NoticeVersion
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from tests.consent.collection.forms import new_point

FIRST = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)


def notice_of(organisation: Organisation, number: int, language: str, begin: datetime) -> NoticeVersion:
    """A version, which ends the one before it."""
    text = f"Notice {number} in {language}."
    before = NoticeVersion.objects.filter(notice="shop", language=language, ended_at=None)
    before.update(ended_at=begin)
    return NoticeVersion.objects.create(
        organisation=organisation,
        notice="shop",
        number=number,
        language=language,
        kind=NoticeKind.COLLECTION,
        title=f"Your data {number}",
        html=f"<p>{text}</p>",
        text=text,
        digest=hashlib.sha256(text.encode()).digest(),
        published_at=begin,
        published_by="member:1",
    )


def shop_point(organisation: Organisation, *purposes: Purpose) -> CollectionPoint:
    """Its notice is live since :data:`FIRST`; the point was described only now."""
    with scope(organisation=organisation):
        for language in ("en", "fr"):
            notice_of(organisation, 1, language, FIRST)
    return new_point(organisation, *purposes, key="shop", kind="import", notice="shop", name="Shop", texts={})
