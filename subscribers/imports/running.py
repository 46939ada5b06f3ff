"""What a worker does with an import: chunk after chunk, each with its checkpoint, exactly once."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, time
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone, translation
from psycopg.errors import DeadlockDetected, SerializationFailure

from portal.jobs.running import JobRun
from subscribers.fields.models import Field
from subscribers.imports.chunks import CHUNK_ROWS, rare_collections, read_chunks
from subscribers.imports.ending import ended_import, fail_import, pause_import_run, stop_import
from subscribers.imports.feeding import StagedChunk, feed
from subscribers.imports.files import open_table, stored_format
from subscribers.imports.lanes import lane_of
from subscribers.imports.models import Import, ImportState
from subscribers.imports.preparing import prepare_in
from subscribers.imports.reading import BLOCK_BYTES
from subscribers.imports.rows import Reading, RowValidator
from subscribers.imports.staging import Merged, Stage, analyze_contacts, stages, store_rejects
from subscribers.suppression.matching import tie_recent

__all__ = ["execute_import", "fail_import", "pause_import_run", "stop_import"]

TRIES = 5
# Somebody created one of these people, or two writers met on the same ones: look again.
PASSING = (IntegrityError, DeadlockDetected, SerializationFailure)


def execute_import(run: JobRun) -> dict[str, Any]:
    """Read the file of an import and merge it, from the last checkpoint on; answers the counts.

    Killed anywhere, it repeats only the chunk that was not committed.
    """
    source = started_import(run)
    prepare_in(run, source)
    run.wait_in(lane_of(source))
    with open_table(source) as stream, translation.override(run.organisation.locale):
        file = stored_format(source, stream)
        validator = RowValidator(reading_of(source, run))
        merger = Merger(run, source, file.size)
        chunks = read_chunks(stream, file, validator, **merger.sizes)
        with (
            rare_collections(),
            stages(source, validator.column_names, attempt=run.job.attempts) as made,
            closing(feed(source, chunks, made, merged_to=merger.offset)) as staged,
        ):
            for chunk in staged:
                merger.take(chunk)
    return ended_import(run, source)


def started_import(run: JobRun) -> Import:
    now = timezone.now()
    Import.objects.filter(pk=run.job.target_id, started_at=None).update(started_at=now)
    Import.objects.filter(pk=run.job.target_id).update(state=ImportState.RUNNING)
    return Import.objects.select_related("organisation").get(pk=run.job.target_id)


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
    )


def collected_at(source: Import) -> datetime:
    """When the people of a file were collected, unless their row says so itself (I-09)."""
    if source.occurred_at:
        return source.occurred_at
    if source.collected_on:
        return datetime.combine(source.collected_on, time(), source.organisation.zone).astimezone(UTC)
    return source.created_at


class Merger:
    """Takes chunks in their order; those before the checkpoint were merged by an earlier run."""

    def __init__(self, run: JobRun, source: Import, size: int) -> None:
        self._run, self._source, self._size = run, source, size
        self._organisation = run.organisation
        self._collected_at = collected_at(source)
        checkpoint = run.checkpoint
        # A run that is resumed must cut the file where the first one did, whatever the constants are by then.
        self.sizes: dict[str, int] = checkpoint.get("sizes") or {"chunk_rows": CHUNK_ROWS, "block_bytes": BLOCK_BYTES}
        self.offset: int = checkpoint.get("offset", 0)
        self._horizon: int = checkpoint.get("horizon", 0)
        self._read: int = checkpoint.get("read", 0)
        self._rejects: dict[str, int] = dict(checkpoint.get("rejects", {}))
        self._stages: dict[str, dict[str, int]] = dict(checkpoint.get("stages", {}))
        self._created, self._analyze_at = 0, 1

    def take(self, chunk: StagedChunk) -> None:
        if chunk.stage is not None:
            self._merge_staged(chunk, chunk.stage)
        # The address may have been suppressed while the chunk was merged. The chunk before the checkpoint is looked
        # at once more, too: its run may have died before it did.
        tie_recent(self._source.organisation, self._horizon, chunk.addresses)

    def _merge_staged(self, chunk: StagedChunk, stage: Stage) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._merge(chunk, stage)
                break
            except DatabaseError as error:
                if attempt == TRIES or not is_passing(error):
                    raise
        if self._created >= self._analyze_at:
            analyze_contacts()
            self._analyze_at = self._created * 4

    def _merge(self, chunk: StagedChunk, stage: Stage) -> None:
        now = timezone.now()
        with transaction.atomic():
            merged = stage.merge(now, self._collected_at)
            codes = store_rejects(self._source, chunk.rejects)
            rejects = {code: self._rejects.get(code, 0) + codes[code] for code in {*self._rejects, *codes}}
            stage_counts = added(self._stages, merged.stages)
            self._count(chunk, merged, rejects, stage_counts)
            read = self._read + chunk.read
            checkpoint = {
                "offset": chunk.offset,
                "line": chunk.line,
                "read": read,
                "sizes": self.sizes,
                "horizon": chunk.horizon,
                "rejects": rejects,
                "stages": stage_counts,
            }
            expected = max(read, round(read * self._size / max(chunk.offset, 1)))
            self._run.save(checkpoint=checkpoint, done=read, expected=expected)
        self._read, self._rejects, self._stages = read, rejects, stage_counts
        self.offset, self._horizon = chunk.offset, chunk.horizon
        self._created += 0 if self._source.dry_run else merged.created

    def _count(
        self,
        chunk: StagedChunk,
        merged: Merged,
        rejects: dict[str, int],
        stages: dict[str, dict[str, int]],
    ) -> None:
        Import.objects.filter(pk=self._source.pk).update(
            rows_read=F("rows_read") + chunk.read,
            rows_created=F("rows_created") + merged.created,
            rows_updated=F("rows_updated") + merged.updated,
            rows_unchanged=F("rows_unchanged") + merged.unchanged,
            rows_rejected=F("rows_rejected") + len(chunk.rejects),
            rows_duplicate=F("rows_duplicate") + chunk.duplicates + merged.duplicates,
            rows_suppressed=F("rows_suppressed") + chunk.suppressed,
            rejects_by_code=rejects,
            stage_counts=stages,
        )


def is_passing(error: DatabaseError) -> bool:
    """Will it go away when the chunk is merged again? A server that went away is not asked again: the job is."""
    return isinstance(error, PASSING) or isinstance(error.__cause__, PASSING)


def added(one: dict[str, dict[str, int]], two: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The counts of the stages, summed name by name."""
    return {
        stage: {
            name: one.get(stage, {}).get(name, 0) + two.get(stage, {}).get(name, 0)
            for name in sorted({*one.get(stage, {}), *two.get(stage, {})})
        }
        for stage in sorted({*one, *two})
    }
