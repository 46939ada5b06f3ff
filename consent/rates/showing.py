"""Rates as charts and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from consent.rates.asking import Offered
from consent.rates.queries import By, Figures, Question, Rates, lines
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.ui import numbers
from portal.ui.components import Dot, Part, Stack, Text


@dataclass(frozen=True)
class Row:
    """A line of a table; ``url`` leads to what it is about."""

    name: Text
    figures: Figures
    channel: Text = ""
    key: str = ""
    dots: Sequence[Dot] = ()


def step_name(begin: date, by: By) -> str:
    if by == "month":
        return numbers.month(begin)
    named = numbers.day(begin)
    return _("Week of %(day)s") % {"day": named} if by == "week" else named


def charts(found: Rates, by: By) -> dict[str, Any]:
    """The rate as a line, the answers and the stops as bars."""
    steps = [(step_name(begin, by), figures) for begin, figures in found.steps.items()]
    return {
        "rate_dots": [Dot(name, figures.rate) for name, figures in steps],
        "answer_stacks": [Stack(name, answer_parts(figures)) for name, figures in steps],
        "stop_stacks": [Stack(name, stop_parts(figures)) for name, figures in steps],
    }


def answer_parts(figures: Figures) -> list[Part]:
    return [
        Part("granted", _("Agreed"), figures.agreements),
        Part("refused", _("Refused"), figures.refusals),
        Part("unanswered", _("Asked, no answer"), figures.unanswered),
    ]


def stop_parts(figures: Figures) -> list[Part]:
    return [
        Part("withdrawal", _("Withdrawn"), figures.withdrawals),
        Part("objected", _("Objected"), figures.objections),
    ]


def dots_of(found: Rates, steps: Mapping[date, Figures], by: By) -> list[Dot]:
    """The rate at each step of the whole period."""
    return [Dot(step_name(begin, by), steps[begin].rate if begin in steps else None) for begin in found.steps]


def topic_rows(found: Rates, known: Offered, by: By) -> list[Row]:
    """By purpose in the order of their names, and channel."""
    return [
        Row(
            purpose.name,
            found.topics[pk, channel.value],
            channel.label,
            purpose.key,
            dots_of(found, found.topic_steps[pk, channel.value], by),
        )
        for pk, purpose in known.purposes.items()
        for channel in Channel
        if (pk, channel.value) in found.topics
    ]


def point_rows(found: Rates, known: Offered, by: By) -> list[Row]:
    """By collection point in the order of their names; the other ways last."""
    named = [(pk, point.name, point.key) for pk, point in known.points.items() if pk in found.points]
    others = [(None, _("Other ways"), "")] if None in found.points else []
    return [
        Row(name, found.points[pk], key=key, dots=dots_of(found, found.point_steps[pk], by))
        for pk, name, key in [*named, *others]
    ]


def file_rows(organisation: Organisation, question: Question, known: Offered) -> Iterator[list[Any]]:
    """A head, and a row for each step, purpose, channel and collection point that has any figure."""
    channels = {channel.value: str(channel.label) for channel in Channel}
    other = _("Other ways")
    head = [
        _("First day"),
        _("Purpose"),
        _("Channel"),
        _("Collection point"),
        _("Agreed"),
        _("Refused"),
        _("Asked, no answer"),
        _("Consent rate, %"),
        _("Withdrawn"),
        _("Objected"),
        _("Agreements imported"),
        _("Opt-outs imported"),
    ]
    return written(head, channels, other, organisation, question, known)


def written(
    head: list[str],
    channels: dict[str, str],
    other: str,
    organisation: Organisation,
    question: Question,
    known: Offered,
) -> Iterator[list[Any]]:
    """Runs after the view: nothing is translated here any more."""
    yield head
    for begin, purpose, channel, point, figures in lines(organisation, question):
        yield [
            begin.isoformat(),
            known.purposes[purpose].name if purpose in known.purposes else purpose,
            channels.get(channel, channel),
            other if point is None else known.points[point].name if point in known.points else point,
            figures.agreements,
            figures.refusals,
            figures.unanswered,
            figures.rate,
            figures.withdrawals,
            figures.objections,
            figures.imported,
            figures.imported_stops,
        ]
