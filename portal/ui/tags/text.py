"""Filters that follow the reader's language, and addresses of pages."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from portal.ui import numbers

register = template.Library()

NUMBERS = ("number", "compact", "percent", "percent_of")
DATES = ("day", "moment", "moment_text", "ago", "duration", "days_left")
for _name in (*NUMBERS, *DATES, "masked"):
    register.filter(_name, getattr(numbers, _name))


def reversed_for(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """Reverse a page of this organisation, or a page outside any when no organisation is entered."""
    organisation = getattr(context.get("request"), "organisation", None)
    if organisation is None:
        return reverse(name, args=args, kwargs=kwargs)
    if args:
        return reverse(name, args=[organisation.slug, *args])
    return reverse(name, kwargs={"organisation": organisation.slug, **kwargs})


@register.simple_tag(takes_context=True)
def org_url(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page of the organisation being looked at."""
    return reversed_for(context, name, *args, **kwargs)
