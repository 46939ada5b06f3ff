"""Page header, cards, badges, alerts, tabs and the other blocks of a page."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.template import Context, TemplateSyntaxError
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui.components import TimelineEntry
from portal.ui.statuses import look_of
from portal.ui.tags.rendering import component
from portal.ui.tags.text import reversed_for

register = template.Library()

ICON_NAMES = Path(__file__).resolve().parents[3] / "static" / "vendor" / "icons.txt"
ALERT_ICONS = {
    "info": "info-circle",
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-circle",
}


@cache
def icon_names() -> frozenset[str]:
    return frozenset(ICON_NAMES.read_text().split())


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon of the sprite; decoration unless it has a label."""
    if not settings.ACCORD.production and name not in icon_names():
        raise TemplateSyntaxError(f"no icon {name!r}: add it to static/vendor/icons.txt")
    kind = f"icon icon-{size}" if size else "icon"
    href = f"{static('vendor/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', kind, label, href)
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', kind, href)


@register.simple_tag(takes_context=True)
def crumb(context: Context, label: str, name: str = "", *args: Any, **kwargs: Any) -> SafeString:
    """One step of the breadcrumb; without a URL name it is this page."""
    if not name:
        return format_html('<li class="breadcrumb-item active" aria-current="page">{}</li>', label)
    url = reversed_for(context, name, *args, **kwargs)
    return format_html('<li class="breadcrumb-item"><a href="{}">{}</a></li>', url, label)


@register.simple_block_tag
def page_header(content: str, title: str, lead: str = "", badge: str = "") -> SafeString:
    return component("page_header", title=title, lead=lead, badge=badge, actions=content.strip() and content)


@register.simple_tag
def button(
    label: str,
    href: str = "",
    kind: str = "primary",
    icon: str = "",
    name: str = "",
    value: str = "",
    type: str = "submit",
    form: str = "",
    small: bool = False,
    disabled: bool = False,
) -> SafeString:
    """A link when ``href`` is given, a button otherwise."""
    return component(
        "button",
        label=label,
        href=href,
        kind=kind,
        icon=icon,
        name=name,
        value=value,
        type=type,
        form=form,
        small=small,
        disabled=disabled,
    )


@register.simple_block_tag
def card(content: str, title: str = "", icon: str = "", lead: str = "", flush: bool = False) -> SafeString:
    return component("card", content=content, title=title, icon=icon, lead=lead, flush=flush)


@register.simple_block_tag
def facts(content: str) -> SafeString:
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, label: str) -> SafeString:
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, content)


@register.simple_tag
def stat(label: str, value: object, url: str = "", hint: str = "", icon: str = "", tone: str = "") -> SafeString:
    return component("stat", label=label, value=value, url=url, hint=hint, icon=icon, tone=tone)


@register.simple_tag
def badge(value: object, label: str = "") -> SafeString:
    """A status in its tone, with its icon and its word."""
    look = look_of(value)
    return component("badge", look=look, label=label or look.label)


@register.simple_block_tag
def alert(content: str, kind: str = "info", title: str = "") -> SafeString:
    return component("alert", content=content, kind=kind, title=title, icon=ALERT_ICONS.get(kind, "info-circle"))


@register.simple_tag
def empty(title: str, text: str = "", url: str = "", label: str = "", icon: str = "inbox") -> SafeString:
    return component("empty", title=title, text=text, url=url, label=label, icon=icon)


@register.simple_block_tag
def tabs(content: str, label: str) -> SafeString:
    return format_html('<nav aria-label="{}"><ul class="nav nav-underline page-tabs">{}</ul></nav>', label, content)


@register.simple_tag
def tab(label: str, url: str, current: bool = False, count: int | None = None) -> SafeString:
    return component("tab", label=label, url=url, current=current, count=count)


@register.simple_tag
def steps(labels: Sequence[str], current: int) -> SafeString:
    states = [
        (index, label, "done" if index < current else "current" if index == current else "")
        for index, label in enumerate(labels, start=1)
    ]
    return component("steps", steps=states)


@register.simple_tag
def timeline(entries: Sequence[TimelineEntry]) -> SafeString:
    return component("timeline", entries=entries)


@register.simple_tag
def copyable(value: str, label: str) -> SafeString:
    return component("copyable", value=value, label=label)


@register.simple_block_tag
def help(content: str, summary: str) -> SafeString:
    return component("help", content=content, summary=summary)
