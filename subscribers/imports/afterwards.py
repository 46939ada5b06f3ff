"""What can be done with an import that has ended: the extension point for the apps above.

All that one import brought is a *lot*. It may be released from quarantine, undone, frozen and deleted; each of these
walks over the lot in windows of ids (`sweeping`), and an app above adds its own walk and what it knows of people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscribers.imports.models import Import

LEFT = "left."


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The ids in ``(after, upto]`` of one walk over the lot of ``source``, at the moment the window began."""

    source: Import
    after: int
    upto: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A walk over a lot. ``bounds`` answers the lowest and the highest id, or None when there is nothing to do.

    ``work(cursor, window)`` runs in the short transaction that also writes the checkpoint, and answers what it counted:
    names that begin with ``LEFT`` are reasons why something was left as it is.
    """

    name: str
    bounds: Callable[[Import], tuple[int, int] | None]
    work: Callable[[Any, Window], dict[str, int]]


def nothing(_after: int, _upto: int) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Something that was done to a contact ``c`` besides its import: ``sql`` holds when it was.

    ``params(after, upto)`` are its parameters for the contacts of a window.
    """

    reason: str
    sql: str
    params: Callable[[int, int], dict[str, Any]] = nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class LotAudience:
    """An audience in which people of a lot were handed to the engine."""

    id: int
    name: str
    purpose: str
    channel: str
    handed_off_at: datetime | None
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A person of a lot who said no on a channel: remembered when the person is erased."""

    contact_id: int
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """What an app above does with a lot, and knows of its people.

    - ``confirm``: what the import claimed is proven (I-04); ``revert``: it never was; neither deletes anything;
    - ``revertible(source)``: what ``revert`` would count now;
    - ``touched(source)``: why a person the import brought is not removed by its undo;
    - ``agreed(source)``: that a person of the lot agreed elsewhere, so that deleting the lot spares them;
    - ``refusals(source, contact_ids)``: who of these said no, and where;
    - ``audiences(source)``: where its people were handed off.
    """

    confirm: Sweep
    revert: Sweep
    revertible: Callable[[Import], dict[str, int]]
    touched: Callable[[Import], Sequence[Touch]]
    agreed: Callable[[Import], Sequence[Touch]]
    refusals: Callable[[Import, Sequence[int]], Sequence[Refusal]]
    audiences: Callable[[Import], Sequence[LotAudience]]


_afterwards: dict[str, Afterwards] = {}


def register_afterwards(name: str, afterwards: Afterwards) -> None:
    """Add what an app does with lots; a second one with the same name replaces the first."""
    _afterwards[name] = afterwards


def all_afterwards() -> list[Afterwards]:
    return [_afterwards[name] for name in sorted(_afterwards)]
