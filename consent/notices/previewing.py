"""What the editor's preview shows: the public page in one language, with what the linter says on top."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from consent.notices.frozen_files import draft_address
from consent.notices.publishing import findings_of, known_purposes
from consent.notices.rendering import html_of

if TYPE_CHECKING:
    from consent.notices.wagtail_models import NoticePage


_editor: ContextVar[str] = ContextVar("language_of_the_editor", default="en")


@contextmanager
def in_this_language() -> Iterator[None]:
    """Keep the language of whoever edits: Wagtail makes up a request for its preview that has none."""
    token = _editor.set(translation.get_language() or "en")
    try:
        yield
    finally:
        _editor.reset(token)


def preview(page: NoticePage, request: HttpRequest, language: str) -> HttpResponse:
    """Findings in the editor's language, the notice in its own."""
    organisation = page.root.organisation
    notice = page.structure
    wording = next((each for each in notice.wordings if each.language == language), None)
    context = {
        "organisation": organisation,
        "findings": findings_of(notice, organisation),
        "language": language,
        "html": html_of(wording, notice, known_purposes(organisation), address=draft_address(organisation))
        if wording
        else "",
    }
    with translation.override(_editor.get()):
        return HttpResponse(render_to_string("consent/public/notice_preview.html", context))
