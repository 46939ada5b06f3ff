"""What happened to a person, newest first, from every app that knows something.

A higher app registers a source in ``AppConfig.ready()``; the person's page and ``GET /contacts/{id}/timeline`` ask all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from portal.api.errors import InvalidCursorError
from portal.organisations.models import Organisation
from portal.ui.components import TimelineEntry

# Things that happened in the same microsecond come together: a source is asked for so many more than a page.
MOST_AT_ONCE = 50


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a contact.

    ``key`` is unique among all sources (``event:17``) and stable; ``kind`` is a stable word for programs (``consent``,
    ``import``, ``edit``, ``created``); ``details`` is ready for JSON; ``title`` and ``text`` are for people.
    """

    key: str
    at: datetime
    kind: str
    title: str | Promise
    text: str | Promise = ""
    actor: str = ""
    url: str = ""
    icon: str = "point"
    tone: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def entry(self) -> TimelineEntry:
        return TimelineEntry(self.at, self.title, self.text, self.icon, self.tone, self.url, self.actor)


TimelineQuery = Callable[[Organisation, int, "datetime | None", int], Sequence[Happening]]
"""``(organisation, contact_id, until, limit)``: the newest ``limit`` not after ``until`` (None: all), newest first."""

_sources: dict[str, TimelineQuery | str] = {}


def register_timeline_source(name: str, query: TimelineQuery | str) -> None:
    """Add what a source knows (a callable or its dotted path); a second one with the same name replaces the first."""
    _sources[name] = query


@dataclass(frozen=True)
class TimelinePage:
    happenings: list[Happening]
    next_cursor: str | None


def timeline_of(
    organisation: Organisation, contact_id: int, *, cursor: str | None = None, limit: int = 50
) -> TimelinePage:
    """A page of everything that happened, newest first; as many queries as there are sources."""
    edge = read_cursor(cursor) if cursor else None
    until = edge[0] if edge else None
    found: list[Happening] = []
    for source in _sources.values():
        query: TimelineQuery = import_string(source) if isinstance(source, str) else source
        found += query(organisation, contact_id, until, limit + MOST_AT_ONCE)
    found.sort(key=place, reverse=True)
    if edge is not None:
        found = [happening for happening in found if place(happening) < edge]
    page = found[:limit]
    return TimelinePage(page, make_cursor(page[-1]) if len(found) > limit else None)


def place(happening: Happening) -> tuple[datetime, str]:
    return happening.at, happening.key


def make_cursor(happening: Happening) -> str:
    text = f"{happening.at.astimezone(UTC).isoformat()} {happening.key}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The place a page ended at; raises ``invalid_cursor``."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        moment, _space, key = text.partition(" ")
        at = datetime.fromisoformat(moment)
    except (binascii.Error, ValueError):
        raise InvalidCursorError from None
    if at.tzinfo is None or not key:
        raise InvalidCursorError
    return at, key
