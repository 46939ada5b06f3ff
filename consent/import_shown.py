"""What the people of a file were shown, by the date on which they were asked (N-01, N-07; E5 §108).

A form, a paper, a call and a system of the client's show what was published for them: each version of the form froze
its notice. A point of the kind `import` stands for a form that another tool shows, with a notice of the organisation:
there the notice counts that was live on the date, and the form is as it is described last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from itertools import pairwise

from consent.collection.models import CollectionPoint, FormVersion, PointKind, PointState
from consent.notices.models import NoticeVersion
from subscribers.imports.models import Import
from subscribers.imports.passport.periods import Period, Span, Spans
from subscribers.imports.stages import Columns
from subscribers.imports.values.converting import MEMORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Span):
    """A notice in one language, the form it stood on, and what that asked for: pairs of purpose and channel.

    ``worded``: purpose -> its version whose words stood there; empty where another tool showed the form.
    """

    language: str
    version: str
    digest: bytes
    form: FormVersion
    asked: frozenset[tuple[str, str]]
    worded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a point has shown, and its languages, the one first that a form falls back on."""

    point: CollectionPoint
    kind: str
    shown: Sequence[Shown]
    languages: Sequence[str]

    def in_language(self, language: str) -> History:
        """Only what was shown in this language; everything when there is none."""
        if not language:
            return self
        return replace(self, shown=[each for each in self.shown if each.language == language], languages=[language])

    def at(self, moment: datetime, zone: tzinfo) -> list[Shown]:
        """What was shown at a moment: one in each language."""
        return [shown for spans in self.by_language(zone).values() if (shown := spans.at(moment))]

    def by_language(self, zone: tzinfo) -> dict[str, Spans[Shown]]:
        return {
            language: Spans([shown for shown in self.shown if shown.language == language], zone)
            for language in self.languages
        }

    @property
    def periods(self) -> list[Period]:
        """When the point asked in any of its languages, and for what, one after the other."""
        edges = sorted({edge for shown in self.shown for edge in (shown.begin, shown.end) if edge})
        found: list[Period] = []
        for begin, end in pairwise([*edges, None]):
            live = next((shown for shown in self.shown if begin and lasts(shown, begin)), None)
            if live is None or begin is None:
                continue
            if found and found[-1].end == begin and found[-1].asked == live.asked:
                begin = found.pop().begin
            found.append(Period(begin, end, live.asked))
        return found


def lasts(shown: Shown, moment: datetime) -> bool:
    return shown.begin <= moment and (shown.end is None or moment < shown.end)


def history_of(point: CollectionPoint, until: datetime) -> History:
    """What a point had shown by a moment; nothing for a draft. Two queries at most."""
    versions = FormVersion.objects.filter(organisation=point.organisation_id, point=point, published_at__lte=until)
    newest = versions.order_by("-number").first()
    if newest is None:
        return History(point, point.kind, [], [])
    # As it was published: what is edited since counts once it is, too.
    kind = newest.document["config"]["kind"]
    closed = point.closed_at if point.state == PointState.CLOSED else None
    if kind == PointKind.IMPORT:
        found = list(shown_elsewhere(point, newest, closed, until))
    else:
        found = list(shown_by(list(versions.order_by("number")), closed))
    languages = dict.fromkeys([*newest.document["languages"], *(shown.language for shown in found)])
    return History(point, kind, found, list(languages))


def shown_by(forms: Sequence[FormVersion], closed: datetime | None) -> Iterator[Shown]:
    """Each version of the form until the next one, with the notice that it froze."""
    for form, after in pairwise([*forms, None]):
        assert form is not None  # noqa: S101 - for the type checker
        for language, words in form.document["languages"].items():
            notice = words["notice"]
            if notice:
                yield Shown(
                    begin=form.published_at,
                    end=after.published_at if after else closed,
                    language=language,
                    version=notice["version"],
                    digest=bytes.fromhex(notice["digest"]),
                    form=form,
                    asked=asked_by(form),
                    worded={choice["purpose"]: choice["purpose_version"] for choice in words["choices"]},
                )


def shown_elsewhere(
    point: CollectionPoint, form: FormVersion, closed: datetime | None, until: datetime
) -> Iterator[Shown]:
    """Each version of the notice while it was live, with the form as it is described now."""
    notices = NoticeVersion.objects.filter(
        organisation=point.organisation_id,
        notice=form.document["config"]["notice"],
        language__in=list(form.document["languages"]),
        published_at__lte=until,
    )
    for notice in notices.defer("html", "text").order_by("published_at", "number"):
        end = min(filter(None, (notice.ended_at, closed)), default=None)
        if end is None or notice.published_at < end:
            yield Shown(
                begin=notice.published_at,
                end=end,
                language=notice.language,
                version=notice.label,
                digest=bytes(notice.digest),
                form=form,
                asked=asked_by(form),
            )


def asked_by(form: FormVersion) -> frozenset[tuple[str, str]]:
    words = next(iter(form.document["languages"].values()))
    return frozenset((choice["purpose"], choice["channel"]) for choice in words["choices"])


def history_of_import(source: Import, now: datetime) -> History | None:
    """What the people of an import may have been shown; None when it names no collection point.

    What is published after it began is not looked at: a run that is resumed must write what the first one would have.
    """
    if not source.collection_point:
        return None
    points = CollectionPoint.objects.filter(organisation=source.organisation_id, key=source.collection_point)
    point = points.first()
    return history_of(point, source.started_at or now).in_language(source.notice_language) if point else None


NOTHING = -1


class Memory(dict[str, int]):
    """What was shown on each date, a cell of COPY text, to who prefers one language; most dates come again."""

    def __init__(self, preferred: Sequence[Spans[Shown]], shown: Sequence[Shown]) -> None:
        super().__init__()
        self._preferred = preferred
        self._places = {id(each): place for place, each in enumerate(shown)}

    def __missing__(self, cell: str) -> int:
        if len(self) > MEMORY:
            self.clear()
        moment = datetime.fromisoformat(cell)
        found = next((shown for spans in self._preferred if (shown := spans.at(moment))), None)
        place = self[cell] = self._places[id(found)] if found else NOTHING
        return place


class Timeline:
    """Says which of many notices each row of a file was shown, as its place in ``shown``, or :data:`NOTHING`."""

    def __init__(self, history: History, zone: tzinfo) -> None:
        self.point_id = history.point.pk
        self.shown = list(history.shown)
        self._spans = history.by_language(zone)
        self._memories: dict[str, Memory] = {}

    def of_rows(self, columns: Columns, moments: Sequence[str]) -> Sequence[int]:
        """What each row was shown: in its own language where there was one, else in the first of the point's."""
        if len(self.shown) == 1:
            return [0] * len(moments)
        spoken = columns.get("language") if len(self._spans) > 1 else None
        if spoken is None:
            return list(map(self._memory("").__getitem__, moments))
        memories = {language: self._memory(language.partition("-")[0]) for language in set(spoken)}
        return [memories[language][moment] for language, moment in zip(spoken, moments, strict=True)]

    def _memory(self, language: str) -> Memory:
        """One for each language that the point speaks; any other has that of the first."""
        mine = language if language in self._spans else next(iter(self._spans))
        if mine not in self._memories:
            order = sorted(self._spans, key=lambda code: code != mine)
            self._memories[mine] = Memory([self._spans[code] for code in order], self.shown)
        return self._memories[mine]
