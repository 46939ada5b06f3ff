"""Chunks made ready one ahead of the merge: sifted, matched, staged. File and server work at the same time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Any

from django.db import connection
from django.utils import timezone

from subscribers.imports.merging import sql
from subscribers.imports.merging.matching import Matches, MetContacts, matches_of
from subscribers.imports.merging.opt_outs import OptOut, opt_outs_of
from subscribers.imports.merging.people import contact_lines, contact_statement, fresh_ids
from subscribers.imports.merging.rejecting import cells_of_lines
from subscribers.imports.merging.staging import Stage, analyze_contacts
from subscribers.imports.merging.suppressing import addresses_of, suppressed_rows
from subscribers.imports.models import Import
from subscribers.imports.problems import RejectCode
from subscribers.imports.reading.chunks import Chunk, read_ahead
from subscribers.imports.reading.streaming import FileFormat, Reject
from subscribers.imports.stages import Columns, People, StageRuns
from subscribers.imports.values.rows import StagedRows
from subscribers.suppression.matching import horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The rows of a chunk by whom they met, and what is to be written for each kind.

    ``contacts`` is COPY text for ``statement``; ``prepared`` what the stages will write for the same people.
    """

    new: People
    known: People
    repeated: Sequence[bool]
    statement: str
    contacts: Sequence[bytes]
    prepared: Mapping[str, Any]
    rejects: Sequence[Reject]
    earlier: frozenset[str]


@dataclass(slots=True, kw_only=True)
class ReadyChunk:
    """A chunk that is ready to be merged. ``stage`` is None for the one that an earlier run merged last.

    ``horizon`` tells which entries of the suppression list may have been missed when it was read.
    """

    chunk: Chunk
    stage: Stage | None
    horizon: int
    now: datetime
    rows: StagedRows
    suppressed: StagedRows
    opt_outs: Sequence[OptOut] = ()
    matched: Matched | None = None
    addresses: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """How many rows of the file it is."""
        return self.chunk.read


class Preparer:
    """Makes the chunks of one run ready."""

    def __init__(self, source: Import, file: FileFormat, runs: StageRuns) -> None:
        self._source, self._file, self._runs = source, file, runs
        self._met = MetContacts()
        self._grown = False

    def analyze_first(self) -> None:
        """The table of contacts has grown: have the planner told of it before the next chunk, beside the merge."""
        self._grown = True

    def ready(self, chunk: Chunk, stage: Stage | None) -> ReadyChunk:
        """A chunk sifted and, unless it has been merged already, matched and staged."""
        if self._grown:
            self._grown = False
            analyze_contacts()
        seen_to = horizon()
        gone = suppressed_rows(self._source.organisation, chunk.rows, chunk.stopped)
        made = ReadyChunk(
            chunk=chunk,
            stage=stage,
            horizon=seen_to,
            now=timezone.now(),
            rows=chunk.rows.without(gone),
            suppressed=chunk.rows.picked(sorted(gone)),
            addresses=addresses_of(chunk.rows),
        )
        if stage is None:
            self.note(made)
            return made
        made.opt_outs = opt_outs_of(self._source, chunk.stopped)
        made.matched = self.match(made, stage, self._met.note)
        return made

    def again(self, made: ReadyChunk, stage: Stage) -> None:
        """Match the rows anew: somebody else created or changed one of these people in between."""
        earlier = made.matched.earlier if made.matched else frozenset()
        made.matched = self.match(made, stage, earlier.intersection)

    def note(self, made: ReadyChunk) -> None:
        """Remember whom an earlier run has met with these rows: they are found by the same identities."""
        found = matches_of(self._source.organisation_id, made.rows)
        self._met.note([contact for contact in found.met if contact])

    def match(self, made: ReadyChunk, stage: Stage, earlier: Any) -> Matched:
        """Part the rows into those that become and those that meet contacts, and make both ready."""
        now = timezone.now()
        repeats: set[str] = set()

        def met_before(ids: Sequence[str]) -> set[str]:
            repeats.update(earlier(ids))
            return repeats

        matches = matches_of(self._source.organisation_id, made.rows, met_before)
        new = self._new_people(made.rows, matches, now)
        known, repeated = known_people(made.rows, matches, now)
        stage.fill(known, repeated)
        return Matched(
            new=new,
            known=known,
            repeated=repeated,
            statement=contact_statement(new.columns),
            contacts=contact_lines(self._source, new) if new.ids else (),
            prepared=self._runs.prepared(new),
            rejects=self._conflicts(made, matches),
            earlier=frozenset(repeats),
        )

    def _new_people(self, rows: StagedRows, matches: Matches, now: datetime) -> People:
        columns = columns_where(
            rows, [not met and number not in matches.conflicts for number, met in enumerate(matches.met)]
        )
        count = 0 if self._source.dry_run else len(columns["line"])
        return People(ids=fresh_ids(sql.CONTACT_IDS, count), columns=columns, now=now)

    def _conflicts(self, made: ReadyChunk, matches: Matches) -> list[Reject]:
        """Rejects of rows that are sound in themselves, and meet two contacts."""
        if not matches.conflicts:
            return []
        lines = {int(made.rows.columns["line"][number]): why for number, why in matches.conflicts.items()}
        cells = cells_of_lines(self._source, self._file, made.chunk.start, lines.keys())
        code = RejectCode.IDENTITIES_CONFLICT
        return [Reject(line, code, cells.get(line, []), why) for line, why in sorted(lines.items())]


def known_people(rows: StagedRows, matches: Matches, now: datetime) -> tuple[People, list[bool]]:
    met = list(map(bool, matches.met))
    ids = list(filter(None, matches.met))
    repeated = [number in matches.repeated for number, contact in enumerate(matches.met) if contact]
    return People(ids=ids, columns=columns_where(rows, met), now=now), repeated


def columns_where(rows: StagedRows, keep: Sequence[bool]) -> Columns:
    """Nearly always these are all rows of the chunk or none."""
    if all(keep):
        return rows.columns
    return rows.kept(keep).columns if any(keep) else {name: [] for name in rows.columns}


def feed(
    preparer: Preparer, chunks: Iterable[Chunk], stages: Sequence[Stage], *, merged_to: int
) -> Generator[ReadyChunk]:
    """The chunks from the last merged one on, each made ready while its predecessor is merged.

    One thread reads, one makes ready and fills the stages in turn (so there must be two), and the caller merges.
    Inside a transaction all of it happens on the one connection that sees what the transaction wrote.
    """
    if connection.in_atomic_block:
        return ready_chunks(preparer, chunks, stages, merged_to)
    return read_ahead(ready_chunks(preparer, read_ahead(chunks), stages, merged_to))


def ready_chunks(
    preparer: Preparer, chunks: Iterable[Chunk], stages: Sequence[Stage], merged_to: int
) -> Generator[ReadyChunk]:
    for chunk, stage in zip(chunks, cycle(stages), strict=False):
        if chunk.offset >= merged_to:
            yield preparer.ready(chunk, stage if chunk.offset > merged_to else None)
