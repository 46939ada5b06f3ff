"""A notice as plain values: what the linter reads, what is rendered and frozen. No database, no Wagtail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# Codes of what articles 13 and 14 demand, in the order a reader meets them; first what is always on the first screen.
ITEMS = (
    "controller",
    "dpo",
    "legitimate_interests",
    "categories",
    "source",
    "recipients",
    "transfers",
    "obligation",
    "automated",
    "rights",
    "objection",
    "withdrawal",
    "complaint",
    "publisher",
    "director",
    "host",
    "cookies",
)


@dataclass(frozen=True)
class PurposeLine:
    """What one purpose is for, in the client's words, and how long its data is kept since when (13(1)(c), 13(2)(a))."""

    purpose: str
    text: str = ""
    retention: str = ""


@dataclass(frozen=True)
class ConsentChoice:
    """One box or pair of buttons, and the words beside it."""

    purposes: tuple[str, ...]
    text: str = ""
    accept: str = ""
    refuse: str = ""
    required: bool = False
    preset: bool = False


@dataclass(frozen=True)
class Section:
    heading: str
    text: str


@dataclass(frozen=True)
class Wording:
    """The notice in one language."""

    language: str
    title: str = ""
    summary: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    purposes: tuple[PurposeLine, ...] = ()
    choices: tuple[ConsentChoice, ...] = ()
    sections: tuple[Section, ...] = ()

    def item(self, code: str) -> str:
        return self.items.get(code, "").strip()


@dataclass(frozen=True)
class Notice:
    """All languages of a notice; ``from_person`` is false when the data comes from somebody else (art. 14)."""

    key: str
    kind: str
    wordings: tuple[Wording, ...]
    from_person: bool = True


@dataclass(frozen=True)
class KnownPurpose:
    """What the organisation says about a purpose."""

    key: str
    name: str
    basis: str


def form_of(wording: Wording) -> dict[str, Any]:
    """The form as it stands with this wording: kept with the version (C-07), and what sign-up pages draw."""
    return {
        "summary": wording.summary,
        "controller": wording.item("controller"),
        "withdrawal": wording.item("withdrawal"),
        "purposes": [asdict(line) for line in wording.purposes],
        "choices": [
            {
                "purpose": choice.purposes[0] if choice.purposes else "",
                "text": choice.text,
                "accept": choice.accept,
                "refuse": choice.refuse,
                "required": choice.required,
                "preset": False,
            }
            for choice in wording.choices
        ],
    }
