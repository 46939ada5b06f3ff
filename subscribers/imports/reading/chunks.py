"""A file as chunks ready to be merged, read ahead in a thread while the database works on the one before."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from queue import Queue
from threading import Event, Semaphore, Thread
from typing import BinaryIO, TypeVar

from django.db import connections

from subscribers.imports.reading.streaming import BLOCK_BYTES, FileFormat, Reject, read_blocks
from subscribers.imports.values.duplicates import Deduplicator
from subscribers.imports.values.rows import RowValidator, StagedRows, joined

CHUNK_ROWS = 10_000
FIRST_ROWS = 2_500  # the server should not wait long for something to do
LAST_ROWS = 2_500  # and at the end there is nothing to do beside it
COLLECTIONS = (200_000, 20, 100)
TURN = 0.0002  # seconds
Item = TypeVar("Item")


@dataclass(slots=True)
class Chunk:
    """What some rows of the file are, and where the file goes on after them.

    ``rows`` may become or meet contacts; ``stopped`` say not to write to somebody; ``repeats`` have been there before.
    ``start`` is where the chunk begins, in bytes and lines.
    """

    rows: StagedRows
    stopped: StagedRows
    repeats: StagedRows
    rejects: list[Reject]
    flags: dict[str, int]
    slips: dict[str, tuple[str, int]]
    start: tuple[int, int]
    offset: int
    line: int

    @property
    def read(self) -> int:
        return len(self.rows) + len(self.stopped) + len(self.repeats) + len(self.rejects)


def read_chunks(
    stream: BinaryIO,
    file: FileFormat,
    validator: RowValidator,
    *,
    chunk_rows: int = CHUNK_ROWS,
    first_rows: int = FIRST_ROWS,
    last_rows: int = 0,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Chunk]:
    """The whole file, always from its start: a resumed run must know who was seen before its checkpoint.

    The same sizes give the same chunks; the first ones are smaller, and so are the last ones down to ``last_rows``: the
    last chunk is merged while nothing else is done. 0: they are not (how releases before cut).
    """
    people = Deduplicator()
    parts: list[StagedRows] = []
    count, wanted = 0, min(first_rows, chunk_rows)
    start = place = (file.offset, file.line)
    for block in read_blocks(stream, file, block_bytes=block_bytes):
        part = validator.validate(block)
        parts.append(part)
        count += len(part) + len(part.rejects)
        place = (block.offset, block.line)
        if count >= wanted:
            yield chunk_of(parts, people, start, place)
            wanted = min(wanted * 2, chunk_rows)
            if last_rows:
                wanted = min(wanted, max(rows_left(file, place) // 2, last_rows))
            start, parts, count = place, [], 0
    if parts:
        yield chunk_of(parts, people, start, place)


def rows_left(file: FileFormat, place: tuple[int, int]) -> int:
    """About how many rows there are to come, by the lines so far."""
    offset, line = place
    return (file.size - offset) * (line - file.line) // max(offset - file.offset, 1)


@contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Let Python look for cyclic garbage less often: rows are many objects and no cycles, and it took a quarter.

    And let threads take turns quickly: the one that feeds the database has little to do but often, and would wait its
    5 milliseconds for each piece that it sends.
    """
    usual, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*usual)
        gc.unfreeze()


def chunk_of(parts: list[StagedRows], people: Deduplicator, start: tuple[int, int], place: tuple[int, int]) -> Chunk:
    rows = joined(parts)
    parts.clear()
    repeats = people.repeats(rows)
    stopped = [number for number, stop in enumerate(rows.stops) if stop]
    return Chunk(
        rows=rows.without(repeats.union(stopped)),
        stopped=rows.picked(stopped),
        repeats=rows.picked(sorted(repeats)),
        rejects=rows.rejects,
        flags=rows.flags,
        slips=rows.slips,
        start=start,
        offset=place[0],
        line=place[1],
    )


@dataclass(slots=True)
class Ended:
    """The last thing a reader says: nothing more, or why it stopped."""

    error: BaseException | None = None


def read_ahead(items: Iterable[Item]) -> Generator[Item]:
    """The same items, each made in a thread while its predecessor is used; errors come out where they are met.

    Never more than two are alive: the one in use and the next one. The thread has database connections of its own.
    """
    queue: Queue[Item | Ended] = Queue()
    wanted = Semaphore(1)
    stopped = Event()

    def run() -> None:
        try:
            source = iter(items)
            while wanted.acquire() and not stopped.is_set():
                queue.put(next(source))
        except StopIteration:
            queue.put(Ended())
        except BaseException as error:  # it is raised again by the thread that waits for the items
            queue.put(Ended(error))
        finally:
            connections.close_all()

    thread = Thread(target=copy_context().run, args=(run,), name="import-reader", daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), Ended):
            wanted.release()
            yield item
        if item.error:
            raise item.error
    finally:
        stopped.set()
        wanted.release()
        thread.join()
