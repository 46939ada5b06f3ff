"""What a worker does with an import: chunk after chunk, each with its checkpoint, exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone, translation
from psycopg.errors import DeadlockDetected, SerializationFailure

from portal.jobs.running import JobRun
from subscribers.fields.models import Field
from subscribers.imports.ending import ended_import, fail_import, pause_import_run, stop_import
from subscribers.imports.files import open_table, stored_format
from subscribers.imports.lanes import lane_of
from subscribers.imports.merging.counting import Totals
from subscribers.imports.merging.dating import collected_at
from subscribers.imports.merging.feeding import Preparer, ReadyChunk, feed
from subscribers.imports.merging.merging import merge
from subscribers.imports.merging.outcomes import discard_outcomes
from subscribers.imports.merging.staging import Stage, StaleChunkError, known_contacts, stages
from subscribers.imports.merging.tags import KnownTags
from subscribers.imports.models import Import, ImportState
from subscribers.imports.passport.points import periods_of
from subscribers.imports.preparing import prepare_in
from subscribers.imports.reading.chunks import CHUNK_ROWS, FIRST_ROWS, LAST_ROWS, Chunk, read_chunks, tuned_interpreter
from subscribers.imports.reading.reader import LARGE_BYTES, read_in_child
from subscribers.imports.reading.streaming import BLOCK_BYTES
from subscribers.imports.stages import StageRuns
from subscribers.imports.values.rows import Reading, RowValidator
from subscribers.suppression.matching import tie_recent

__all__ = ["execute_import", "fail_import", "pause_import_run", "stop_import"]

TRIES = 5
# Somebody created one of these people, or two writers met on the same ones: look again.
PASSING = (IntegrityError, DeadlockDetected, SerializationFailure, StaleChunkError)


def execute_import(run: JobRun) -> dict[str, Any]:
    """Read the file of an import and merge it, from the last checkpoint on; answers the counts.

    Killed anywhere, it repeats only the chunk that was not committed.
    """
    source = started_import(run)
    prepare_in(run, source)
    run.wait_in(lane_of(source))
    with open_table(source) as stream, translation.override(run.organisation.locale):
        file, reading = stored_format(source, stream), reading_of(source, run)
        validator = RowValidator(reading)
        runs = StageRuns(source)
        preparer = Preparer(source, file, runs)
        merger = Merger(run, source, file.size, preparer, runs)
        chunks: Iterator[Chunk] = (
            read_in_child(stream, file, reading, merger.sizes)
            if file.size >= LARGE_BYTES
            else read_chunks(stream, file, validator, **merger.sizes)
        )
        with (
            tuned_interpreter(),
            stages(source, validator.column_names, attempt=run.job.attempts) as made,
            closing(feed(preparer, chunks, made, merged_to=merger.offset)) as ready,
        ):
            for chunk in ready:
                merger.take(chunk)
    return ended_import(run, source)


def started_import(run: JobRun) -> Import:
    now = timezone.now()
    Import.objects.filter(pk=run.job.target_id, started_at=None).update(started_at=now)
    Import.objects.filter(pk=run.job.target_id).update(state=ImportState.RUNNING)
    source = Import.objects.select_related("organisation").get(pk=run.job.target_id)
    if not run.checkpoint:
        discard_outcomes(source)
    return source


def reading_of(source: Import, run: JobRun) -> Reading:
    return Reading(
        columns=source.columns,
        mapping=source.mapping,
        fields=list(Field.objects.all()),
        country=run.organisation.country,
        zone=run.organisation.zone,
        # The same moment in every run: a date is in the future, or is not, whenever the import is resumed.
        now=source.started_at or source.created_at,
        date_required=bool(source.consents) and not (source.occurred_at or source.collected_on),
        date_order=source.date_order,
        preset=source.preset,
        claimed=[(consent["purpose"], consent["channel"]) for consent in source.consents],
        reject_flags=source.reject_flags,
        periods=periods_of(source) if source.consents else (),
        collected_at=collected_at(source),
    )


class Merger:
    """Takes chunks in their order; those before the checkpoint were merged by an earlier run."""

    def __init__(self, run: JobRun, source: Import, size: int, preparer: Preparer, runs: StageRuns) -> None:
        self._run, self._source, self._size = run, source, size
        self._preparer, self._runs = preparer, runs
        self._tags = KnownTags(source)
        checkpoint = run.checkpoint
        # A run that is resumed must cut the file where the first one did, whatever the constants are by then.
        self.sizes: dict[str, int] = checkpoint.get("sizes") or {
            "chunk_rows": CHUNK_ROWS,
            "first_rows": FIRST_ROWS,
            "last_rows": LAST_ROWS,
            "block_bytes": BLOCK_BYTES,
        }
        self.offset: int = checkpoint.get("offset", 0)
        self._horizon: int = checkpoint.get("horizon", 0)
        self._read: int = checkpoint.get("read", 0)
        self._totals = Totals.of(source)
        self._created, self._known = 0, -1

    def take(self, ready: ReadyChunk) -> None:
        if ready.stage is not None:
            self._merge_again_and_again(ready, ready.stage)
        # The address may have been suppressed while the chunk was merged. The chunk before the checkpoint is looked
        # at once more, too: its run may have died before it did.
        tie_recent(self._source.organisation, self._horizon, ready.addresses)

    def _merge_again_and_again(self, ready: ReadyChunk, stage: Stage) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._merge(ready, stage)
                break
            except (DatabaseError, StaleChunkError) as error:
                if attempt == TRIES or not is_passing(error):
                    raise
                self._preparer.again(ready, stage)
        self._tell_planner()

    def _tell_planner(self) -> None:
        """Have the statistics renewed when this run has doubled the contacts that they know of, or nearly.

        To count them costs as much as to merge some chunks. What grows more slowly is left to the autovacuum.
        """
        if not self._created:
            return
        if self._known < 0:
            self._known = known_contacts()
        if self._created > self._known:
            self._preparer.analyze_first()
            self._known = self._created * 4

    def _merge(self, ready: ReadyChunk, stage: Stage) -> None:
        chunk = ready.chunk
        with transaction.atomic(), connection.cursor() as cursor:
            merged = merge(cursor, self._source, ready, stage, self._runs)
            self._tags.keep(cursor, chunk.rows.columns.get("tags", ()))
            totals = self._totals.with_chunk(merged, chunk.flags, chunk.slips)
            totals.write(self._source, merged)
            read = self._read + merged.read
            checkpoint = {
                "offset": chunk.offset,
                "line": chunk.line,
                "read": read,
                "sizes": self.sizes,
                "horizon": ready.horizon,
            }
            expected = max(read, round(read * self._size / max(chunk.offset, 1)))
            self._run.save(checkpoint=checkpoint, done=read, expected=expected)
        self._tags.kept()
        self._read, self._totals = read, totals
        self.offset, self._horizon = chunk.offset, ready.horizon
        self._created += 0 if self._source.dry_run else merged.created


def is_passing(error: Exception) -> bool:
    """Will it go away when the chunk is merged again? A server that went away is not asked again: the job is."""
    return isinstance(error, PASSING) or isinstance(error.__cause__, PASSING)
