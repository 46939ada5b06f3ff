"""Extension points of a person's page and of a contact in the API: higher apps add what they know.

``AppConfig.ready()`` registers; the page and the API ask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact

SectionQuery = Callable[[Organisation, Contact, datetime], dict[str, Any]]
PartQuery = Callable[[Organisation, Sequence[int]], dict[int, Any]]


@dataclass(frozen=True)
class ContactSection:
    """A part of the person's page, in ``column`` ``main`` or ``side``.

    ``template`` is drawn with what ``query(organisation, contact, now)`` gives, ``contact`` and ``request``; the page
    puts it, without padding, into a card with the title. ``query`` may be a dotted path.
    """

    key: str
    title: str | Promise
    template: str
    query: SectionQuery | str
    capability: Capability | None = None
    order: int = 100
    column: str = "main"

    def context(self, organisation: Organisation, contact: Contact, now: datetime) -> dict[str, Any]:
        query: SectionQuery = import_string(self.query) if isinstance(self.query, str) else self.query
        return query(organisation, contact, now)


@dataclass(frozen=True)
class ContactPart:
    """A key of a contact in the API; ``query(organisation, ids)`` gives id -> value for a whole page at once."""

    key: str
    query: PartQuery | str
    missing: Callable[[], Any]

    def values(self, organisation: Organisation, ids: Sequence[int]) -> dict[int, Any]:
        query: PartQuery = import_string(self.query) if isinstance(self.query, str) else self.query
        return query(organisation, ids)


_sections: dict[str, ContactSection] = {}
_parts: dict[str, ContactPart] = {}


def register_section(section: ContactSection) -> None:
    """Add a section to the person's page; a second one with the same key replaces the first."""
    _sections[section.key] = section


def register_part(part: ContactPart) -> None:
    """Add a key to contacts in the API (``consents``); a second one with the same key replaces the first."""
    _parts[part.key] = part


def sections_for(actor: Actor) -> list[ContactSection]:
    """The sections this member may see, in order."""
    allowed = [item for item in _sections.values() if item.capability is None or actor.may(item.capability)]
    return sorted(allowed, key=lambda item: (item.order, item.key))


def parts() -> list[ContactPart]:
    return sorted(_parts.values(), key=lambda part: part.key)
