"""Tables of lists, progress of long work, and fragments that refresh themselves."""

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from portal.ui.lists import Listing
from portal.ui.tags.rendering import component

register = template.Library()


@register.simple_block_tag(takes_context=True)
def datatable(
    context: Context,
    content: str,
    listing: Listing,
    caption: str,
    total: int | None = None,
    empty_title: str = "",
    empty_text: str = "",
    empty_url: str = "",
    empty_label: str = "",
    empty_icon: str = "inbox",
    bulk_url: str = "",
    bulk_label: str = "",
    id: str = "list",
) -> SafeString:
    """Search, filters, the table with its sortable heads, pages, and what to do when it is empty."""
    filters = [(item, item.options(), listing.filters.get(item.name, "")) for item in listing.spec.filters]
    return component(
        "datatable",
        listing=listing,
        content=content,
        filters=filters,
        caption=caption,
        total=total,
        empty_title=empty_title,
        empty_text=empty_text,
        empty_url=empty_url,
        empty_label=empty_label,
        empty_icon=empty_icon,
        bulk_url=bulk_url,
        bulk_label=bulk_label,
        id=id,
        csrf_token=context.get("csrf_token"),
    )


@register.simple_tag
def row_check(pk: object, name: object, id: str = "list") -> SafeString:
    """The box that selects one row for the bulk action."""
    return component("row_check", pk=pk, name=name, id=id)


@register.simple_tag
def progress(
    done: int,
    expected: int | None,
    label: str = "",
    rate: float | None = None,
    seconds_left: float | None = None,
) -> SafeString:
    """Rows done of rows expected, rate and time left; without ``expected`` the bar only moves."""
    percent = min(100, int(done / expected * 100)) if expected else None
    return component(
        "progress",
        done=done,
        expected=expected,
        percent=percent,
        label=label,
        rate=round(rate) if rate else None,
        seconds_left=seconds_left,
    )


@register.simple_block_tag
def live(content: str, url: str, every: int = 2, percent: int | None = None) -> SafeString:
    """A fragment that asks ``url`` again every so many seconds and replaces itself with the answer.

    While no answer comes, or one that the server is not right, it stays, says so, and goes on asking.
    """
    return component("live", content=content, url=url, every=every, percent=percent)
