"""Menu entries and dashboard cards: every app adds its own in ``AppConfig.ready()``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from portal.ui.components import Text

if TYPE_CHECKING:
    from portal.organisations.actors import Actor
    from portal.organisations.models import Organisation
    from portal.organisations.roles import Capability

CardQuery = Callable[["Organisation"], dict[str, Any]]

SECTIONS: dict[str, Text] = {
    "": "",
    "people": _("People"),
    "consent": _("Consent"),
    "compliance": _("Compliance"),
    "organisation": _("Organisation"),
    "host": _("Host"),
}


@dataclass(frozen=True)
class MenuEntry:
    """A line of the menu; ``capability`` None means every member, section ``host`` means host operators."""

    key: str
    label: Text
    url_name: str
    icon: str
    capability: "Capability | None" = None
    order: int = 100
    section: str = ""

    def url(self, slug: str) -> str:
        """Where it leads; empty while that page does not exist."""
        arguments = [] if self.section == "host" else [slug]
        try:
            return reverse(self.url_name, args=arguments)
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class DashboardCard:
    """A card of the dashboard; ``query`` (or its dotted path) gives the context of ``template``."""

    key: str
    title: Text
    template: str
    query: CardQuery | str
    capability: "Capability | None" = None
    order: int = 100
    width: int = 6

    def context(self, organisation: "Organisation") -> dict[str, Any]:
        query: CardQuery = import_string(self.query) if isinstance(self.query, str) else self.query
        return query(organisation)


@dataclass(frozen=True)
class FirstStep:
    """Something an organisation does once before it can work; ``done`` (or its dotted path) is one cheap read."""

    key: str
    title: Text
    text: Text
    url_name: str
    capability: "Capability"
    done: "Callable[[Organisation], bool] | str"
    order: int = 100

    def is_done(self, organisation: "Organisation") -> bool:
        read = import_string(self.done) if isinstance(self.done, str) else self.done
        return bool(read(organisation))


@dataclass(frozen=True)
class StepLine:
    """A first step as one member sees it; no ``url`` when it is done, or somebody else's to do."""

    step: FirstStep
    done: bool
    url: str


@dataclass(frozen=True)
class MenuItem:
    """An entry as one member sees it on one page."""

    entry: MenuEntry
    url: str
    active: bool


@dataclass(frozen=True)
class MenuSection:
    label: Text
    items: Sequence[MenuItem]


_menu: dict[str, MenuEntry] = {}
_cards: dict[str, DashboardCard] = {}
_steps: dict[str, FirstStep] = {}


def register_menu(entry: MenuEntry) -> None:
    """Add a line to the menu; a second entry with the same key replaces the first."""
    _menu[entry.key] = entry


def register_card(card: DashboardCard) -> None:
    """Add a card to the dashboard; a second card with the same key replaces the first."""
    _cards[card.key] = card


def _allowed(capability: "Capability | None", actor: "Actor") -> bool:
    return capability is None or actor.may(capability)


def cards_for(actor: "Actor") -> list[DashboardCard]:
    """The cards this member may see, in order."""
    found = [card for card in _cards.values() if _allowed(card.capability, actor)]
    return sorted(found, key=lambda card: (card.order, card.key))


def register_step(step: FirstStep) -> None:
    """Add a first step; a second one with the same key replaces the first."""
    _steps[step.key] = step


def first_steps(actor: "Actor", organisation: "Organisation") -> list[StepLine]:
    """The way to the first audience, until all of it is done."""
    ordered = sorted(_steps.values(), key=lambda step: (step.order, step.key))
    lines = []
    for step in ordered:
        done = step.is_done(organisation)
        mine = not done and actor.may(step.capability)
        lines.append(StepLine(step, done, reverse(step.url_name, args=[organisation.slug]) if mine else ""))
    return [] if all(line.done for line in lines) else lines


def _active_key(urls: dict[str, str], path: str) -> str:
    """The entry whose address is the longest beginning of this page's address."""
    matches = [(len(url), key) for key, url in urls.items() if path.startswith(url)]
    return max(matches)[1] if matches else ""


def _sections(entries: list[MenuEntry], slug: str, path: str) -> list[MenuSection]:
    urls = {entry.key: url for entry in entries if (url := entry.url(slug))}
    active = _active_key(urls, path)
    found = []
    for section, label in SECTIONS.items():
        items = [
            MenuItem(entry, urls[entry.key], entry.key == active)
            for entry in sorted(entries, key=lambda entry: (entry.order, entry.key))
            if entry.section == section and entry.key in urls
        ]
        if items:
            found.append(MenuSection(label, items))
    return found


def menu_for(request: HttpRequest) -> list[MenuSection]:
    """The menu of this page: the organisation's when there is one, and the host's for its operators."""
    actor = getattr(request, "actor", None)
    organisation = getattr(request, "organisation", None)
    entries = []
    if actor is not None and organisation is not None:
        entries = [entry for entry in _menu.values() if entry.section != "host" and _allowed(entry.capability, actor)]
    if getattr(request.user, "is_host_operator", False):
        entries += [entry for entry in _menu.values() if entry.section == "host"]
    return _sections(entries, organisation.slug if organisation else "", request.path)
