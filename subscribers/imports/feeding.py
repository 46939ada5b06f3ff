"""Chunks read, sifted and staged, one ahead of the merge: file and server work at the same time, on two connections."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from django.db import connection

from subscribers.imports.chunks import Chunk, read_ahead
from subscribers.imports.models import Import
from subscribers.imports.reading import Reject
from subscribers.imports.staging import Stage
from subscribers.imports.suppressing import without_suppressed
from subscribers.suppression.matching import horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedChunk:
    """A chunk whose rows lie in a staging table, and what became of the others.

    ``stage`` is None for the one that an earlier run merged last. ``horizon`` tells which entries of the suppression
    list may have been missed when it was read.
    """

    stage: Stage | None
    addresses: Mapping[str, Collection[str]]
    rejects: Sequence[Reject]
    read: int
    duplicates: int
    suppressed: int
    offset: int
    line: int
    horizon: int


def feed(source: Import, chunks: Iterable[Chunk], stages: Sequence[Stage], *, merged_to: int) -> Generator[StagedChunk]:
    """The chunks from the last merged one on, each staged while its predecessor is merged.

    One thread reads, one fills the stages in turn (so there must be two), and the caller merges. Inside a transaction
    all of it happens on the one connection that sees what the transaction wrote.
    """
    if connection.in_atomic_block:
        return staged_chunks(source, chunks, stages, merged_to)
    return read_ahead(staged_chunks(source, read_ahead(chunks), stages, merged_to))


def staged_chunks(
    source: Import, chunks: Iterable[Chunk], stages: Sequence[Stage], merged_to: int
) -> Generator[StagedChunk]:
    for chunk, stage in zip(chunks, cycle(stages), strict=False):
        if chunk.offset >= merged_to:
            yield staged_chunk(source, chunk, stage if chunk.offset > merged_to else None)


def staged_chunk(source: Import, chunk: Chunk, stage: Stage | None) -> StagedChunk:
    seen_to = horizon()
    addresses = {column: cells for column, cells in chunk.rows.keys.items() if column != "external_id"}
    suppressed = 0
    if stage is not None:
        rows, suppressed = without_suppressed(source.organisation, chunk.rows)
        stage.fill(rows)
    return StagedChunk(
        stage=stage,
        addresses=addresses,
        rejects=chunk.rejects,
        read=chunk.read,
        duplicates=chunk.duplicates,
        suppressed=suppressed,
        offset=chunk.offset,
        line=chunk.line,
        horizon=seen_to,
    )
