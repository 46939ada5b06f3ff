"""Values that components draw: what a view builds and hands to a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened; ``tone`` is success, warning, danger or empty."""

    at: datetime
    title: Text
    text: Text = ""
    icon: str = "point"
    tone: str = ""
    url: str = ""
    actor: str = ""


@dataclass(frozen=True)
class Point:
    """One bar of a chart, or one dot of a sparkline."""

    label: Text
    value: float


@dataclass(frozen=True)
class Dot:
    """One dot of a line, in percent; None leaves a gap: there is nothing to say."""

    label: Text
    percent: float | None


@dataclass(frozen=True)
class Stack:
    """One bar made of parts, which stand in the same order in every bar of a chart."""

    label: Text
    parts: Sequence["Part"]


@dataclass(frozen=True)
class Part:
    """One share of a bar split in parts; ``code`` is a status, which gives the colour."""

    code: str
    label: Text
    count: int


@dataclass(frozen=True)
class FunnelDrop:
    """People who left the funnel at one step, and the reason code that says why."""

    code: str
    label: Text
    count: int


@dataclass(frozen=True)
class FunnelStep:
    """How many people are still there, and who was lost on the way to here."""

    label: Text
    count: int
    drops: Sequence[FunnelDrop] = ()
