"""The collection point that a file names: which there are, what must agree with it, and how it is told (N-01)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.collection.errors import PointNotLiveError
from consent.collection.models import CollectionPoint, PointKind, PointState
from consent.import_shown import History, Shown, history_of, history_of_import
from consent.ledger.errors import BeforeNoticeError
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.errors import FieldProblem, type_of_text
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Organisation
from subscribers.imports.merging.dating import FROM_OTHERS
from subscribers.imports.models import Import
from subscribers.imports.passport.periods import Period, Spans
from subscribers.imports.passport.points import NamedPoint, Naming, Points, ShownNotice, register_points

IS_KEY = re.compile(r"[a-z0-9-]{1,40}").fullmatch
POINT = ("options", "collection_point")
LANGUAGE = ("options", "notice_language")
DETAILS: dict[str, type_of_text] = {
    "unknown_collection_point": _("There is no such collection point. Choose one that has been published."),
    "not_collected_here": _(
        "What is collected at this point comes from the people themselves, and the origin says that somebody else "
        "collected the file. Choose another origin, or a collection point of the kind “Import”."
    ),
    "invalid_value": _("The collection point has never shown its notice in this language."),
    "language_required": _(
        "The collection point speaks several languages: say in which one these people were asked, or map a column that "
        "holds the language of each."
    ),
    "before_notice": BeforeNoticeError.title,
    "notice_not_shown": _(
        "On this date the collection point was closed, or showed no notice. Check the date, or choose another point."
    ),
}
NOT_ASKED = _(
    "The collection point did not ask for “%(purpose)s” by %(channel)s when these people were there. Take it out, or "
    "choose another point."
)


def register() -> None:
    register_points(Points(choices=choices, problems=problems_of, periods=periods_of, named=named))


def choices(organisation: Organisation) -> list[tuple[str, str]]:
    """Every point that has ever been published, those for imports first."""
    points = CollectionPoint.objects.filter(organisation=organisation, number__gt=0)
    found = sorted(points, key=lambda point: (point.kind != PointKind.IMPORT, point.name.casefold(), point.key))
    return [(point.key, " · ".join(words_about(point))) for point in found]


def words_about(point: CollectionPoint) -> list[str]:
    """Its name, its kind, and that it is closed if it is."""
    closed = [point.get_state_display()] if point.state == PointState.CLOSED else []
    return [point.name, point.get_kind_display(), *closed]


def point_named(organisation: Organisation, key: str) -> CollectionPoint | None:
    if not IS_KEY(key):
        return None
    return CollectionPoint.objects.filter(organisation=organisation, key=key).first()


def problem(code: str, *loc: str | int) -> FieldProblem:
    return FieldProblem(loc, code, DETAILS[code])


def problems_of(organisation: Organisation, naming: Naming) -> list[FieldProblem]:
    """What does not agree with the point: its state, the origin, the language, the date, what is claimed."""
    point = point_named(organisation, naming.key)
    if point is None:
        return [problem("unknown_collection_point", *POINT)]
    if not point.number:
        return [FieldProblem(POINT, PointNotLiveError.code, PointNotLiveError.title)]
    history = history_of(point, timezone.now())
    if naming.origin_kind in FROM_OTHERS and history.kind != PointKind.IMPORT:
        return [problem("not_collected_here", *POINT)]
    return [*language_problems(history, naming), *claim_problems(organisation, history, naming)]


def language_problems(history: History, naming: Naming) -> Iterator[FieldProblem]:
    spoken = {shown.language for shown in history.shown}
    if naming.language and naming.language not in spoken:
        yield problem("invalid_value", *LANGUAGE)
    if not naming.language and not naming.speaks and len(spoken) > 1:
        yield problem("language_required", *LANGUAGE)


def claim_problems(organisation: Organisation, history: History, naming: Naming) -> Iterator[FieldProblem]:
    """Claims that nobody was asked for there; rows that have dates of their own are looked at one by one."""
    if not naming.consents:
        return
    periods = history.in_language(naming.language).periods
    if naming.moment is not None:
        spans = Spans(periods, organisation.zone)
        period = spans.at(naming.moment)
        if period is None:
            yield problem(
                "before_notice" if spans.is_before(naming.moment) else "notice_not_shown", *naming.moment_place
            )
        periods = [period] if period else periods
    asked = frozenset[tuple[str, str]]().union(*(period.asked for period in periods))
    for number, consent in enumerate(naming.consents):
        if (consent.get("purpose"), consent.get("channel")) not in asked:
            yield not_asked(organisation, number, consent)


def not_asked(organisation: Organisation, number: int, consent: Mapping[str, str]) -> FieldProblem:
    key, channel = consent.get("purpose", ""), consent.get("channel", "")
    name = Purpose.objects.filter(organisation=organisation, key=key).values_list("name", flat=True).first()
    label = Channel(channel).label if channel in Channel.values else channel
    detail = NOT_ASKED % {"purpose": name or key, "channel": label}
    return FieldProblem(("options", "consents", number), "purpose_not_asked", detail)


def periods_of(source: Import) -> list[Period]:
    history = history_of_import(source, timezone.now())
    return history.periods if history else []


def named(organisation: Organisation, naming: Naming) -> NamedPoint | None:
    """The point, with the notices that were shown at the moment, or all there were where rows have dates."""
    point = point_named(organisation, naming.key)
    if point is None or not point.number:
        return None
    history = history_of(point, naming.until or timezone.now())
    spoken = dict(settings.LANGUAGES)
    return NamedPoint(
        key=point.key,
        name=point.name,
        kind=point.get_kind_display(),
        url=organisation_url(organisation, "consent:point_detail", key=point.key),
        languages=[(code, str(spoken.get(code, code))) for code in history.languages],
        notices=told(organisation, shown_at(history.in_language(naming.language), naming.moment, organisation)),
    )


def shown_at(history: History, moment: datetime | None, organisation: Organisation) -> Sequence[Shown]:
    return history.shown if moment is None else history.at(moment, organisation.zone)


def told(organisation: Organisation, shown: Sequence[Shown]) -> list[ShownNotice]:
    """Each notice once, over all the time it was shown, the newest first."""
    spans: dict[str, Shown] = {}
    for each in shown:
        spans.setdefault(each.version, each)
    ends = {each.version: each.end for each in sorted(shown, key=lambda each: each.begin)}
    digests = [each.digest for each in spans.values()]
    rows = NoticeVersion.objects.filter(organisation=organisation, digest__in=digests).values_list("digest", "title")
    titles = {bytes(digest): title for digest, title in rows}
    return [
        ShownNotice(
            version=version,
            title=titles.get(each.digest, version),
            language=each.language,
            sha256=each.digest.hex(),
            url=address_of(organisation, version),
            begin=each.begin,
            end=ends[version],
        )
        for version, each in sorted(spans.items(), key=lambda pair: pair[1].begin, reverse=True)
    ]


def address_of(organisation: Organisation, version: str) -> str:
    """Where anybody can read ``key/number/language``."""
    notice, number, language = version.split("/")
    return absolute(f"/n/{organisation.slug}/{notice}?version={number}&language={language}")
