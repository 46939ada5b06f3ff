"""Charts as SVG, each with a title and the table behind it."""

import secrets
from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

from portal.ui import charts
from portal.ui.components import Dot, FunnelStep, Part, Point, Stack
from portal.ui.tags.rendering import component

register = template.Library()


def chart_id() -> str:
    """An id for the title of one picture, unlike any other on the page."""
    return f"chart-{secrets.token_hex(4)}"


@register.simple_tag
def bar_chart(points: Sequence[Point], title: str, description: str = "") -> SafeString:
    return component("bar_chart", bars=charts.bars(points), title=title, description=description, id=chart_id())


@register.simple_tag
def line_chart(dots: Sequence[Dot], title: str, description: str = "") -> SafeString:
    return component(
        "line_chart", line=charts.line(dots), dots=dots, title=title, description=description, id=chart_id()
    )


@register.simple_tag
def spark_line(dots: Sequence[Dot], title: str) -> SafeString:
    """A line of a table's row: the same shape in little, for the eye."""
    return component("spark_line", line=charts.line(dots), title=title, id=chart_id())


@register.simple_tag
def stacked_chart(stacks: Sequence[Stack], title: str, description: str = "") -> SafeString:
    parts = stacks[0].parts if stacks else ()
    return component(
        "stacked_chart",
        bars=charts.stacks(stacks),
        parts=parts,
        highest=max((sum(part.count for part in each.parts) for each in stacks), default=0),
        title=title,
        description=description,
        id=chart_id(),
    )


@register.simple_tag
def sparkline(points: Sequence[Point], title: str) -> SafeString:
    return component("sparkline", path=charts.spark_path(points), points=points, title=title, id=chart_id())


@register.simple_tag
def split_bar(parts: Sequence[Part], title: str) -> SafeString:
    return component("split_bar", shares=charts.shares(parts), parts=parts, title=title, id=chart_id())


@register.simple_tag
def funnel(steps: Sequence[FunnelStep], title: str) -> SafeString:
    return component("funnel", rows=charts.funnel_rows(steps), title=title)
