"""Reads of collection points and of what their forms are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django_scopes import scopes_disabled

from consent.collection.documents import Document, form_document
from consent.collection.models import CollectionPoint, FormVersion, PointKind, PointState
from consent.ledger.places import Place
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose
from portal.errors import NotFoundError
from portal.organisations.links import organisation_url
from portal.organisations.models import Organisation
from subscribers.fields.models import Field
from subscribers.imports.models import Import

HEADING = re.compile(r"(</?h)([1-5])\b")
# Index: sign_ups_by_point.
COUNTED = """
SELECT point_id, state, count(*) FROM consent_signup
WHERE organisation_id = %(organisation)s AND point_id = ANY(%(points)s) AND created_at >= %(since)s
GROUP BY point_id, state
"""
BY_DAY = """
SELECT (created_at AT TIME ZONE %(zone)s)::date AS day, count(*), count(*) FILTER (WHERE state = 'recorded')
FROM consent_signup
WHERE organisation_id = %(organisation)s AND point_id = %(point)s AND created_at >= %(since)s
GROUP BY day ORDER BY day
"""


def collection_points() -> QuerySet[CollectionPoint]:
    """Those of the organisation in scope."""
    return CollectionPoint.objects.all()


def point_by_key(organisation: Organisation, key: str) -> CollectionPoint:
    """The point with this key; ``not_found`` otherwise."""
    found = CollectionPoint.objects.filter(organisation=organisation, key=key).first()
    if found is None:
        raise NotFoundError
    found.organisation = organisation
    return found


def points_showing(organisation: Organisation, notice: str) -> list[tuple[str, str]]:
    """Name and page of each point that shows this notice and is not closed."""
    points = CollectionPoint.objects.filter(organisation=organisation, notice=notice).exclude(state=PointState.CLOSED)
    return [
        (point.name, organisation_url(organisation, "consent:point_detail", key=point.key))
        for point in points.order_by("name", "key")
    ]


def named_points() -> dict[int, Place]:
    """The points of the scope, closed ones too, for the ledger to name where people were asked."""
    points = CollectionPoint.objects.order_by("name", "key").only("key", "name")
    return {point.pk: Place(point.key, point.name) for point in points}


def public_point(slug: str, key: str) -> CollectionPoint:
    """What was last published as a web form, as a visitor asks for it; ``not_found`` for any other.

    What people sign on paper, say in a call or tell a client's system is not typed in by whoever finds the address,
    and of a point for imports another tool shows the form.
    """
    with scopes_disabled():
        shown = FormVersion.objects.filter(point=OuterRef("pk"), number=OuterRef("number"))
        points = published(slug, key).annotate(shown_as=Subquery(shown.values("document__config__kind")))
        return found_or_404(points.filter(shown_as=PointKind.FORM))


def published_point(slug: str, key: str) -> CollectionPoint:
    """A point of any kind: the messages and pages that confirm what was reported carry its looks."""
    with scopes_disabled():
        return found_or_404(published(slug, key))


def published(slug: str, key: str) -> QuerySet[CollectionPoint]:
    points = CollectionPoint.objects.select_related("organisation").filter(organisation__slug=slug, key=key)
    return points.exclude(state=PointState.DRAFT)


def found_or_404(points: QuerySet[CollectionPoint]) -> CollectionPoint:
    found = points.first()
    if found is None:
        raise NotFoundError
    return found


@dataclass(frozen=True)
class Materials:
    """What a form is made of as it stands now."""

    purposes: Mapping[str, Purpose]
    notices: Mapping[str, NoticeVersion]
    fields: Mapping[str, Field]


def materials(organisation: Organisation, config: Mapping[str, Any]) -> Materials:
    """Purposes by key, live notice versions by language, declared fields by key; three queries at most."""
    keys = {choice["purpose"] for choice in config["choices"]}
    wanted = [field["name"].removeprefix("attributes.") for field in config["fields"] if "." in field["name"]]
    notices = NoticeVersion.objects.filter(
        organisation=organisation, notice=config["notice"], language__in=config["languages"], ended_at__isnull=True
    )
    declared = Field.objects.filter(organisation=organisation, key__in=wanted) if wanted else []
    return Materials(
        purposes={p.key: p for p in Purpose.objects.filter(organisation=organisation, key__in=keys)},
        notices={notice.language: notice for notice in notices.defer("html", "text").order_by("number")},
        fields={field.key: field for field in declared},
    )


def document_of(point: CollectionPoint, config: Mapping[str, Any], found: Materials) -> Document:
    return form_document(
        point.organisation,
        point.key,
        config,
        purposes=found.purposes,
        notices=found.notices,
        fields=found.fields,
    )


def versions_of(point: CollectionPoint) -> QuerySet[FormVersion]:
    """Every version of the form. Index: one_form_a_version."""
    return FormVersion.objects.filter(organisation=point.organisation_id, point=point)


def version_numbered(point: CollectionPoint, number: int) -> FormVersion:
    """The version with this number; ``not_found`` otherwise."""
    found = version_of(point, number)
    if found is None:
        raise NotFoundError
    return found


def imports_of(point: CollectionPoint, most: int) -> list[Import]:
    """The newest files that name the point. Index: imports_newest_first, the organisation's imports passed over."""
    found = Import.objects.filter(organisation=point.organisation_id, collection_point=point.key)
    return list(found.order_by("-pk")[:most])


def version_of(point: CollectionPoint, number: int) -> FormVersion | None:
    return FormVersion.objects.filter(organisation=point.organisation_id, point=point, number=number).first()


def version_at(point: CollectionPoint, moment: datetime) -> FormVersion | None:
    """The version that was shown at a moment; None before there was one."""
    found = FormVersion.objects.filter(organisation=point.organisation_id, point=point, published_at__lte=moment)
    return found.order_by("-number").first()


def notice_html(point: CollectionPoint, version: str) -> str:
    """The notice of a form as it was shown, cleaned HTML, its headings below that of the page; ``version`` is
    ``key/number/language``.
    """
    notice, number, language = version.split("/")
    found = NoticeVersion.objects.filter(
        organisation=point.organisation_id, notice=notice, number=int(number), language=language
    )
    html = found.values_list("html", flat=True).first() or ""
    return HEADING.sub(lambda heading: f"{heading[1]}{int(heading[2]) + 1}", html)


@dataclass(frozen=True)
class Counts:
    """Sign-ups of the last days; visitors are not counted, since nobody is tracked."""

    waiting: int = 0
    recorded: int = 0
    refused: int = 0
    expired: int = 0

    @property
    def submitted(self) -> int:
        return self.waiting + self.recorded + self.refused + self.expired

    @property
    def rate(self) -> int | None:
        """Confirmed of a hundred that were settled; None before any was."""
        settled = self.recorded + self.expired
        return round(100 * self.recorded / settled) if settled else None


def counts_of(organisation: Organisation, points: Iterable[CollectionPoint], since: datetime) -> dict[int, Counts]:
    """Point id -> its counts since then; one query."""
    parameters: dict[str, Any] = {
        "organisation": organisation.pk,
        "points": [point.pk for point in points],
        "since": since,
    }
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, parameters)
        for point, state, count in cursor.fetchall():
            found.setdefault(point, {})[state] = count
    return {point: Counts(**states) for point, states in found.items()}


@dataclass(frozen=True)
class Day:
    day: date
    submitted: int
    recorded: int


def days_of(point: CollectionPoint, *, until: date, days: int) -> list[Day]:
    """Each of the last days, those without sign-ups included."""
    first = until - timedelta(days=days - 1)
    zone = point.organisation.zone
    parameters: dict[str, Any] = {
        "organisation": point.organisation_id,
        "point": point.pk,
        "zone": point.organisation.time_zone,
        "since": datetime.combine(first, datetime.min.time(), tzinfo=zone),
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, parameters)
        found = {day: Day(day, submitted, recorded) for day, submitted, recorded in cursor.fetchall()}
    return [found.get(day, Day(day, 0, 0)) for day in (first + timedelta(days=n) for n in range(days))]


def live_notices(organisation: Organisation) -> list[tuple[str, str]]:
    """Key and title of the notices that are shown now, for a form to choose from."""
    found = NoticeVersion.objects.filter(organisation=organisation, ended_at__isnull=True).order_by(
        "notice", "language"
    )
    return list(dict(found.values_list("notice", "title")).items())
