"""One chunk into contacts, in one short transaction: who is new is copied in, who is known is changed if need be."""

from __future__ import annotations

from collections import Counter
from typing import Any

from subscribers.imports.merging.counting import Merged
from subscribers.imports.merging.feeding import Matched, ReadyChunk
from subscribers.imports.merging.opt_outs import record_opt_outs
from subscribers.imports.merging.outcomes import keep_outcomes
from subscribers.imports.merging.people import copy_into
from subscribers.imports.merging.rejecting import store_rejects
from subscribers.imports.merging.staging import Changes, Stage
from subscribers.imports.models import Import
from subscribers.imports.stages import StageRuns

OPT_OUTS = "opt_outs"


def merge(cursor: Any, source: Import, ready: ReadyChunk, stage: Stage, runs: StageRuns) -> Merged:
    """Call it in the transaction that also writes the checkpoint.

    Raises IntegrityError when a contact appeared in between, and StaleChunkError when one changed: roll back, match
    the chunk again and call again.
    """
    matched = ready.matched
    if matched is None:
        message = f"the chunk that ends at byte {ready.chunk.offset} was not made ready"
        raise LookupError(message)
    changes = stage.changes(cursor) if len(matched.known) else Changes()
    if not source.dry_run:
        copy_into(cursor, matched.statement, matched.contacts)
        if changes.lines:
            stage.update(cursor, changes, matched.new.now)
    counts, lines = runs.run(
        cursor,
        new=matched.new,
        known=matched.known,
        repeated=matched.repeated,
        staged=stage.staged,
        prepared=matched.prepared,
    )
    counts |= stopped_people(cursor, source, ready, runs)
    rejects = sorted([*ready.chunk.rejects, *matched.rejects], key=lambda reject: reject.line)
    merged = counted(ready, matched, changes)
    merged.stages = counts
    merged.codes = store_rejects(cursor, source, rejects)
    if source.dry_run:
        merged.outcomes = Counter(keep_outcomes(cursor, source, ready, stage, changes, lines))
    return merged


def counted(ready: ReadyChunk, matched: Matched, changes: Changes) -> Merged:
    repeated = sum(matched.repeated)
    return Merged(
        created=len(matched.new),
        updated=len(changes.lines),
        unchanged=len(matched.known) - len(changes.lines) - repeated,
        rejected=len(ready.chunk.rejects) + len(matched.rejects),
        duplicate=len(ready.chunk.repeats) + repeated,
        suppressed=len(ready.suppressed) + len(ready.chunk.stopped),
    )


def stopped_people(cursor: Any, source: Import, ready: ReadyChunk, runs: StageRuns) -> dict[str, dict[str, int]]:
    """What the rows did that say not to write to somebody."""
    if not ready.opt_outs:
        return {}
    recorded = record_opt_outs(source, ready.opt_outs, ready.now)
    withdrawn = runs.stop(cursor, recorded.stops, ready.now) if recorded.stops else 0
    return {OPT_OUTS: {"suppressed": recorded.suppressed, "withdrawn": withdrawn, "unknown": recorded.unknown}}
