"""When an import is risky enough that a person confirms it by typing, with the figures before their eyes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.passport.rules import is_quarantined

MANY_OVERWRITTEN = 1000
THREE_YEARS = timedelta(days=3 * 365)
A_TENTH, A_HALF = 10, 2


@dataclass(frozen=True)
class Risk:
    """Why somebody is asked, and how many rows or people it is about."""

    code: str
    count: int = 0


@dataclass(frozen=True)
class Situation:
    """An import whose dry run has ended, how many contacts there are, and the day."""

    source: Import
    known: int
    today: date


def risks_of(situation: Situation) -> list[Risk]:
    return [risk for find in FINDERS if (risk := find(situation)) is not None]


def from_somebody_else(situation: Situation) -> Risk | None:
    """A partner's or bought list."""
    return Risk("collected_by_others") if is_quarantined(situation.source.origin_kind) else None


def overwritten(situation: Situation) -> Risk | None:
    """Over a tenth of the contacts there are, or over a thousand."""
    source, changed = situation.source, situation.source.rows_updated
    many = changed > MANY_OVERWRITTEN or changed * A_TENTH > situation.known
    overwrites = source.update_rule == UpdateRule.OVERWRITE and changed > 0
    return Risk("many_overwritten", changed) if overwrites and many else None


def mostly_rejected(situation: Situation) -> Risk | None:
    rejected = situation.source.rows_rejected
    return Risk("mostly_rejected", rejected) if rejected * A_HALF > situation.source.rows_read else None


def claimed_long_ago(situation: Situation) -> Risk | None:
    """Consents older than the three years after which prospects are let go (R-02)."""
    source = situation.source
    collected = source.occurred_at.date() if source.occurred_at else source.collected_on
    if not source.consents or collected is None or situation.today - collected <= THREE_YEARS:
        return None
    return Risk("claimed_long_ago", source.rows_read)


def resubscribing(situation: Situation) -> Risk | None:
    """People who said no, and whom the file claims to have agreed (I-06)."""
    count = situation.source.stage_counts.get("consents", {}).get("would_resubscribe", 0)
    return Risk("would_resubscribe", count) if count else None


FINDERS: tuple[Callable[[Situation], Risk | None], ...] = (
    from_somebody_else,
    overwritten,
    mostly_rejected,
    claimed_long_ago,
    resubscribing,
)
