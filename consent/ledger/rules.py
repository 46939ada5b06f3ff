"""How a choice changes where a person stands: the only statement of it.

``MOVES`` is the table; :func:`next_standing` reads it in Python, :mod:`consent.ledger.sql` turns the same table into
SQL, and a test holds the two against each other. The page for readers is ``docs/build/ledger.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.ledger.models import Action, EventSource, Status

EVERY = frozenset(Status)
POSITIVE = frozenset({Action.GRANT, Action.CONFIRM, Action.RESUME})
NEEDS_EVIDENCE = frozenset({Action.GRANT, Action.CONFIRM})
# A later, weaker word never hides a stronger one: who objected and then unsubscribes has still objected (G 21(3)).
STRENGTH: Mapping[Status, int] = {Status.REFUSED: 1, Status.WITHDRAWN: 2, Status.OBJECTED: 3}
CONFIRMED = frozenset({Status.GRANTED, Status.PAUSED})
# Nothing was said yet: an import may fill it, and being asked (again) is all that is known (C-12).
EMPTY = frozenset({Status.NONE, Status.UNANSWERED})
# Where "stop" may be heard again and again, and says nothing new.
REPEATING = frozenset({EventSource.ONE_CLICK, EventSource.LINK, EventSource.IMPORT})
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class Move:
    """One action: the status it leads to, those it may change, and whether the newest ``occurred_at`` decides."""

    target: Status
    changes: frozenset[Status]
    dated: bool = True


MOVES: Mapping[Action, Move] = {
    # Being asked again changes nothing for whoever has answered.
    Action.ASK: Move(Status.UNANSWERED, EMPTY),
    Action.GRANT: Move(Status.GRANTED, EVERY),
    Action.CONFIRM: Move(Status.GRANTED, frozenset({Status.UNCONFIRMED, Status.GRANTED})),
    # A "no" counts whatever its date: in doubt nobody is written to.
    Action.REFUSE: Move(Status.REFUSED, EVERY, dated=False),
    Action.WITHDRAW: Move(Status.WITHDRAWN, EVERY, dated=False),
    Action.OBJECT: Move(Status.OBJECTED, EVERY, dated=False),
    Action.EXPIRE: Move(Status.EXPIRED, frozenset({Status.GRANTED, Status.UNCONFIRMED, Status.PAUSED})),
    Action.PAUSE: Move(Status.PAUSED, frozenset({Status.GRANTED, Status.PAUSED})),
    Action.RESUME: Move(Status.GRANTED, frozenset({Status.PAUSED})),
    Action.REVERT: Move(Status.NONE, frozenset({Status.GRANTED, Status.UNCONFIRMED, Status.PAUSED})),
    # Whatever the date of the agreement: it was about another address.
    Action.RESET: Move(Status.UNCONFIRMED, CONFIRMED, dated=False),
}


@dataclass(frozen=True)
class Standing:
    """Where a person stands for one purpose and channel; ``since`` is the date of the newest word."""

    status: Status
    since: datetime
    expires_at: datetime | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Act:
    """A choice, with what its purpose says about it."""

    action: Action
    occurred_at: datetime
    source: EventSource
    double_opt_in: bool = False
    valid_for_days: int | None = None
    paused_until: datetime | None = None


def is_kept(old: Standing | None, act: Act) -> bool:
    """True when the choice is not recorded at all and the standing is kept.

    An import never raises a state: it fills an empty one, or refreshes an agreement with a newer one (I-06). A second
    click on an unsubscribe link says nothing new, nor does a list of people of whom some have stopped already.
    """
    status = old.status if old else Status.NONE
    if act.source == EventSource.IMPORT and act.action in POSITIVE:
        refreshes = old is not None and status == Status.GRANTED and act.occurred_at > old.since
        return status not in EMPTY and not refreshes
    repeated = act.source in REPEATING and act.action in {Action.WITHDRAW, Action.OBJECT}
    return repeated and status in {Status.WITHDRAWN, Status.OBJECTED}


def next_standing(old: Standing | None, act: Act) -> Standing | None:
    """Where the person stands after this act; None when nothing changes."""
    move = MOVES[act.action]
    status = old.status if old else Status.NONE
    if is_kept(old, act) or status not in move.changes:
        return None
    if old is None or is_fresh(status, act):
        return Standing(first_status(act), act.occurred_at, *moments(None, act))
    if move.dated and act.occurred_at < old.since:
        return None
    if STRENGTH.get(status, 0) > STRENGTH.get(move.target, 4):
        return Standing(status, max(old.since, act.occurred_at))
    since = act.occurred_at if move.dated else max(old.since, act.occurred_at)
    return Standing(next_status(status, act), since, *moments(old, act))


def is_fresh(status: Status, act: Act) -> bool:
    """Nothing was said yet, so the date of this word is compared with none: a late answer is an answer."""
    return status == Status.NONE or (status == Status.UNANSWERED and act.action != Action.ASK)


def first_status(act: Act) -> Status:
    return next_status(Status.NONE, act)


def next_status(old: Status, act: Act) -> Status:
    """The target of the move; with double opt-in a grant waits for its confirmation, unless there was one (C-09)."""
    if act.action == Action.GRANT and act.double_opt_in and old not in CONFIRMED:
        return Status.UNCONFIRMED
    return MOVES[act.action].target


def moments(old: Standing | None, act: Act) -> tuple[datetime | None, datetime | None]:
    """When the standing expires, counted from the agreement itself (C-11), and until when it is paused."""
    if act.action in {Action.PAUSE, Action.RESUME}:
        until = act.paused_until if act.action == Action.PAUSE else None
        return (old.expires_at if old else None), until
    if act.action in NEEDS_EVIDENCE and act.valid_for_days is not None:
        return act.occurred_at + timedelta(days=act.valid_for_days), None
    return None, None
