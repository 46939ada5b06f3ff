"""Papers: PDFs for people to keep, made of a template (WeasyPrint, PDF/UA-1: they can be read aloud)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language

# A paper is one page; a long text is set smaller before it takes a second one.
SIZES = ("9.5pt", "8.5pt", "7.5pt")


def paper(template: str, context: Mapping[str, Any]) -> bytes:
    """The PDF of a template that extends ``papers/paper.html``, in the active language; some tenths of a second."""
    from weasyprint import HTML  # loads Pango, which only those who print need
    from weasyprint.urls import URLFetcher

    # Pictures come inside the document; it fetches nothing from anywhere.
    fetcher = URLFetcher(allowed_protocols=["data"])
    for size in SIZES:
        page = render_to_string(template, {"language": get_language() or "en", "size": size, **context})
        document = HTML(string=page, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        if len(document.pages) == 1:
            break
    written: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return written
