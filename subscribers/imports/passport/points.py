"""The collection points at which the people of a file were asked (N-01): the app above that keeps them says which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from portal.errors import FieldProblem
from subscribers.imports.passport.periods import Period

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from portal.organisations.models import Organisation
    from subscribers.imports.models import Import


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Which point a file names, and what else it says that must agree with it.

    ``moment``: when all its people were asked, None where rows say so themselves; ``moment_place`` is the field that
    says it. ``speaks``: a column may hold the language of each person. ``until``: when the import began, if it has.
    """

    key: str
    language: str
    origin_kind: str
    consents: Sequence[dict[str, str]] = ()
    moment: datetime | None = None
    moment_place: tuple[str, ...] = ()
    speaks: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNotice:
    """A version of a notice in one language, and when it was shown at the point; ``sha256`` in hexadecimal."""

    version: str
    title: str
    language: str
    sha256: str
    url: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPoint:
    """A collection point as pages and programs are told of it, with the notices that the people may have seen.

    ``languages``: those it can be shown in, as code and name.
    """

    key: str
    name: str
    kind: str | Promise
    url: str
    languages: Sequence[tuple[str, str]] = ()
    notices: Sequence[ShownNotice] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What the app above answers.

    ``choices(organisation)``: key and label of the points that a file may name. ``problems(organisation, naming)``:
    what is wrong with it, ``loc`` beginning ``("options", ...)``. ``periods(source)``: when people were asked there.
    ``named(organisation, naming)``: the point that is named, None when there is none.
    """

    choices: Callable[[Organisation], Sequence[tuple[str, str]]]
    problems: Callable[[Organisation, Naming], Sequence[FieldProblem]]
    periods: Callable[[Import], Sequence[Period]]
    named: Callable[[Organisation, Naming], NamedPoint | None]


_known: list[Points] = []


def register_points(points: Points) -> None:
    _known[:] = [points]


def point_choices(organisation: Organisation) -> list[tuple[str, str]]:
    return [choice for points in _known for choice in points.choices(organisation)]


def point_problems(organisation: Organisation, naming: Naming) -> list[FieldProblem]:
    if not naming.key:
        return []
    return [problem for points in _known for problem in points.problems(organisation, naming)]


def periods_of(source: Import) -> list[Period]:
    """When people were asked at the point that the file names; nothing when it names none."""
    return [period for points in _known for period in points.periods(source)] if source.collection_point else []


def named_point(organisation: Organisation, naming: Naming) -> NamedPoint | None:
    found = (points.named(organisation, naming) for points in _known) if naming.key else iter(())
    return next(found, None)
