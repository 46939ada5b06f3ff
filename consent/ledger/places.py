"""Extension point: the names of the places where people are asked. An event keeps a number; the rooms have the names.

Whoever asks people registers in ``AppConfig.ready()`` how its places are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One collection point, as pages of the ledger name it."""

    key: str
    name: str


Source = Callable[[], Mapping[int, Place]]

_sources: list[Source] = []


def register_places(source: Source) -> None:
    """``source()``: the places of the scope by the number that events keep, in the order they are offered."""
    if source not in _sources:
        _sources.append(source)


def places() -> dict[int, Place]:
    """All places of the scope; one query a source."""
    return {number: place for source in _sources for number, place in source().items()}


def place_choices() -> list[tuple[str, str]]:
    return [(str(number), place.name) for number, place in places().items()]
