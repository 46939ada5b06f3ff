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


# Where a picture may stand: with one of these, or with what the items don't say.
PLACES = ("summary", "purposes", "choices", "retention", *ITEMS)


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
class AttachedFile:
    """The bytes of a picture or document, by their SHA-256 (hex), and what people see of them; pixels of pictures."""

    sha256: str
    name: str
    media_type: str
    size: int
    width: int = 0
    height: int = 0

    @property
    def exists(self) -> bool:
        return bool(self.sha256)


NO_FILE = AttachedFile(sha256="", name="", media_type="", size=0)


@dataclass(frozen=True)
class Picture:
    """A picture and what it says to who can't see it; ``place`` is the part it stands in."""

    file: AttachedFile = NO_FILE
    alternative: str = ""
    decorative: bool = False
    place: str = "summary"
    icon: bool = False


@dataclass(frozen=True)
class Download:
    """A document people can take with them, under a plain title."""

    file: AttachedFile = NO_FILE
    title: str = ""


@dataclass(frozen=True)
class Section:
    heading: str
    text: str
    picture: Picture | None = None


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
    pictures: tuple[Picture, ...] = ()
    downloads: tuple[Download, ...] = ()

    def item(self, code: str) -> str:
        return self.items.get(code, "").strip()

    @property
    def all_pictures(self) -> tuple[Picture, ...]:
        return (*self.pictures, *(section.picture for section in self.sections if section.picture))

    @property
    def files(self) -> tuple[AttachedFile, ...]:
        """Each file once, in the order it is met."""
        found = [picture.file for picture in self.all_pictures] + [download.file for download in self.downloads]
        return tuple({file.sha256: file for file in found if file.exists}.values())

    def says(self, place: str) -> bool:
        """Whether the part a picture may stand in is there."""
        if place in ("purposes", "retention"):
            return bool(self.purposes)
        return place == "summary" or (bool(self.choices) if place == "choices" else bool(self.item(place)))


@dataclass(frozen=True)
class Notice:
    """All languages of a notice; ``from_person`` is false when the data comes from somebody else (art. 14)."""

    key: str
    kind: str
    wordings: tuple[Wording, ...]
    from_person: bool = True

    @property
    def files(self) -> tuple[AttachedFile, ...]:
        """Of all languages, each once."""
        return tuple({file.sha256: file for wording in self.wordings for file in wording.files}.values())


@dataclass(frozen=True)
class KnownPurpose:
    """What the organisation says about a purpose; ``texts``: language -> name, where it has another one there."""

    key: str
    name: str
    basis: str
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
