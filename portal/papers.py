"""Papers: PDFs for people to keep, made of a template (WeasyPrint, PDF/UA-1: they can be read aloud)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language

# A paper is one page; a long text is set smaller before it takes a second one.
LOOKS = tuple(f"html {{ font-size: {size}pt }}" for size in (9.5, 8.5, 7.5))
VARIANT = "pdf/ua-1"


def paper(template: str, context: Mapping[str, Any], *, looks: Sequence[str] = LOOKS, annex: str = "") -> bytes:
    """The PDF of a template that extends ``papers/paper.html``, in the active language; some tenths of a second.

    ``looks``: CSS, from roomy to tight; the first that gives one page is taken, else the last. ``annex``: the anchor
    of a part that may begin on the second page instead.
    """
    from weasyprint import CSS, HTML  # loads Pango, which only those who print need
    from weasyprint.urls import URLFetcher

    # Pictures come inside the document; it fetches nothing from anywhere.
    page = HTML(
        string=render_to_string(template, {"language": get_language() or "en", **context}),
        url_fetcher=URLFetcher(allowed_protocols=["data"]),
    )
    base = CSS(string=render_to_string("papers/paper.css"))

    def drawn(look: str) -> Any:
        return page.render(stylesheets=[base, CSS(string=look)], pdf_variant=VARIANT)

    written: bytes = first_that_fits(looks, drawn, annex).write_pdf(pdf_variant=VARIANT)
    return written


def first_that_fits(looks: Sequence[str], drawn: Callable[[str], Any], annex: str) -> Any:
    """The document of the roomiest look that fits: the first is tried, then halves of the rest."""
    document = drawn(looks[0])
    if fits(document, annex) or len(looks) == 1:
        return document
    low, high, best = 1, len(looks) - 1, None
    while low < high:
        middle = (low + high) // 2
        document = drawn(looks[middle])
        if fits(document, annex):
            high, best = middle, document
        else:
            low = middle + 1
    return drawn(looks[low]) if best is None else best


def fits(document: Any, annex: str) -> bool:
    pages = document.pages
    return len(pages) == 1 or (bool(annex) and annex in pages[1].anchors)
