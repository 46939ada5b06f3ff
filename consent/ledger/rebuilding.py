"""Where people stand, computed from the ledger's events alone: for a rebuild, and as of any date.

The events of one contact, purpose and channel count in the order of their ids: whoever writes one holds the lock of the
state before the id is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.ledger.models import Action, EventSource
from consent.ledger.rules import MOVES, STRENGTH, Act, Standing, next_standing

Terms = tuple[bool, int | None]
"""What a purpose asked for: double opt-in, and for how many days an agreement is valid."""


@dataclass(frozen=True, slots=True)
class Word:
    """What an event says, as far as it changes where a person stands. ``waits``: its import is held for proof."""

    id: int
    action: Action
    occurred_at: datetime
    source: EventSource
    paused_until: datetime | None = None
    terms: Terms = (False, None)
    waits: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """A standing, the event that it rests on, and the version of the purpose that was agreed to (C-10)."""

    standing: Standing
    event_id: int
    version: int | None = None


def stood(words: Iterable[Word]) -> Stood | None:
    """Where these words, oldest first, leave a person; None where none of them counts."""
    found: Stood | None = None
    confirmed = False
    for word in words:
        found = after(found, word, confirmed=confirmed)
        confirmed = confirmed or word.action == Action.CONFIRM
    return found


def after(before: Stood | None, word: Word, *, confirmed: bool) -> Stood | None:
    """Where a person stands after one more word."""
    old = before.standing if before else None
    standing = next_standing(old, act_of(word, confirmed=confirmed))
    if standing is None:
        return before
    weaker = old is not None and STRENGTH.get(old.status, 0) > STRENGTH.get(MOVES[word.action].target, 4)
    return Stood(standing, before.event_id if before and weaker else word.id, version_after(before, word))


def version_after(before: Stood | None, word: Word) -> int | None:
    """A confirmation and a pause leave the version of the agreement."""
    known = before.version if before else None
    if word.action == Action.CONFIRM:
        return word.version if known is None else known
    return word.version if word.action == Action.GRANT else known


def act_of(word: Word, *, confirmed: bool) -> Act:
    """The word with what its purpose and its import asked for.

    What is in the ledger has been recorded, so nothing is weighed again that decides about recording (the source). An
    agreement that Accord restored after an undo (the source ``system``) is as confirmed as it was.
    """
    double_opt_in, days = word.terms
    waits = word.waits or (double_opt_in and not (word.source == EventSource.SYSTEM and confirmed))
    return Act(
        action=word.action,
        occurred_at=word.occurred_at,
        source=EventSource.FORM if word.source in RECORDED else word.source,
        double_opt_in=waits,
        valid_for_days=days,
        paused_until=word.paused_until,
    )


RECORDED = frozenset({EventSource.IMPORT, EventSource.ONE_CLICK, EventSource.LINK})
