"""Geometry of the charts: plain numbers for SVG attributes, so that no page needs a style or a script."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.ui.components import Dot, FunnelStep, Part, Point, Stack
from portal.ui.statuses import Look, look_of

__all__ = [
    "Dot",
    "FunnelStep",
    "Part",
    "Point",
    "Stack",
    "bars",
    "funnel_rows",
    "line",
    "shares",
    "spark_path",
    "stacks",
]

WIDTH = 600
HEIGHT = 160
GAP = 0.25
SPARK_WIDTH = 120
SPARK_HEIGHT = 28
# A bar that stands for somebody is never invisible.
THINNEST = 1.5


@dataclass(frozen=True)
class Bar:
    point: Point
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Share:
    part: Part
    look: Look
    x: float
    width: float


@dataclass(frozen=True)
class FunnelRow:
    """A step or, with ``code``, a drop under it; ``width`` and ``lost`` in percent of the first step."""

    label: object
    count: int
    width: float
    before: float = 0
    code: str = ""
    look: Look | None = None


def bars(points: Sequence[Point]) -> list[Bar]:
    """Upright bars of a box 600 by 160."""
    highest = max((point.value for point in points), default=0) or 1
    slot = WIDTH / max(len(points), 1)
    found = []
    for index, point in enumerate(points):
        height = max(point.value / highest * HEIGHT, THINNEST if point.value else 0)
        x = (index + GAP / 2) * slot
        found.append(Bar(point, round(x, 1), round(HEIGHT - height, 1), round(slot * (1 - GAP), 1), round(height, 1)))
    return found


@dataclass(frozen=True)
class Mark:
    """A dot of a line where it stands, and the strip of the box that answers for it."""

    dot: Dot
    x: float
    y: float
    left: float
    width: float


@dataclass(frozen=True)
class Line:
    """``path`` is the ``d`` of all its pieces; a dot between two gaps is a piece of its own."""

    path: str
    marks: Sequence[Mark]


def line(dots: Sequence[Dot]) -> Line:
    """A line of percentages from 0 to 100 in a box 600 by 160, broken where there is nothing to say."""
    slot = WIDTH / max(len(dots), 1)
    pieces, marks, drawing = [], [], False
    for index, dot in enumerate(dots):
        if dot.percent is None:
            drawing = False
            continue
        x, y = round((index + 0.5) * slot, 1), round(HEIGHT - min(dot.percent, 100) / 100 * HEIGHT, 1)
        pieces.append(f"L{x} {y}" if drawing else f"M{x} {y} h0.01")
        marks.append(Mark(dot, x, y, round(index * slot, 1), round(slot, 1)))
        drawing = True
    return Line(" ".join(pieces), marks)


@dataclass(frozen=True)
class Layer:
    part: Part
    look: Look
    y: float
    height: float


@dataclass(frozen=True)
class StackedBar:
    stack: Stack
    x: float
    width: float
    layers: Sequence[Layer]


def stacks(given: Sequence[Stack]) -> list[StackedBar]:
    """Upright bars of a box 600 by 160, their parts from the bottom up, empty parts left out."""
    highest = max((sum(part.count for part in each.parts) for each in given), default=0) or 1
    slot = WIDTH / max(len(given), 1)
    return [
        StackedBar(each, round((index + GAP / 2) * slot, 1), round(slot * (1 - GAP), 1), layers(each.parts, highest))
        for index, each in enumerate(given)
    ]


def layers(parts: Sequence[Part], highest: int) -> list[Layer]:
    found, bottom = [], float(HEIGHT)
    for part in parts:
        if part.count:
            height = max(part.count / highest * HEIGHT, THINNEST)
            bottom -= height
            found.append(Layer(part, look_of(part.code), round(bottom, 1), round(height, 1)))
    return found


def spark_path(points: Sequence[Point]) -> str:
    """The ``d`` of a line in a box 120 by 28."""
    highest = max((point.value for point in points), default=0) or 1
    step = SPARK_WIDTH / max(len(points) - 1, 1)
    room = SPARK_HEIGHT - 4
    dots = [
        f"{index * step:.1f} {SPARK_HEIGHT - 2 - point.value / highest * room:.1f}"
        for index, point in enumerate(points)
    ]
    return "M" + " L".join(dots) if dots else ""


def shares(parts: Sequence[Part]) -> list[Share]:
    """One bar of width 100 in parts, empty parts left out."""
    total = sum(part.count for part in parts) or 1
    x = 0.0
    found = []
    for part in parts:
        if part.count:
            width = part.count / total * 100
            found.append(Share(part, look_of(part.code), round(x, 3), round(width, 3)))
            x += width
    return found


def funnel_rows(steps: Sequence[FunnelStep]) -> list[FunnelRow]:
    """Steps and their drops in reading order, drops before the step they lead to."""
    whole = steps[0].count if steps else 0
    whole = whole or 1
    rows: list[FunnelRow] = []
    for index, step in enumerate(steps):
        left = step.count + sum(drop.count for drop in step.drops)
        if index:
            for drop in step.drops:
                width = drop.count / whole * 100
                start = (left - drop.count) / whole * 100
                left -= drop.count
                rows.append(
                    FunnelRow(
                        drop.label,
                        drop.count,
                        round(width, 2),
                        round(start, 2),
                        drop.code,
                        look_of(drop.code),
                    )
                )
        rows.append(FunnelRow(step.label, step.count, round(step.count / whole * 100, 2)))
    return rows
