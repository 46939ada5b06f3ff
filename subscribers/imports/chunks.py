"""A file as chunks ready to be merged, read ahead in a thread while the database works on the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Event, Semaphore, Thread
from typing import BinaryIO, TypeVar

from subscribers.imports.duplicates import Deduplicator
from subscribers.imports.reading import BLOCK_BYTES, FileFormat, Reject, read_blocks
from subscribers.imports.rows import RowValidator, StagedRows, joined

CHUNK_ROWS = 25_000
Item = TypeVar("Item")


@dataclass(slots=True)
class Chunk:
    """Some rows without rejects and duplicates, how many were read for them, and where the file goes on."""

    rows: StagedRows
    rejects: list[Reject]
    read: int
    duplicates: int
    offset: int
    line: int


def read_chunks(
    stream: BinaryIO,
    file: FileFormat,
    validator: RowValidator,
    *,
    chunk_rows: int = CHUNK_ROWS,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Chunk]:
    """The whole file, always from its start: a resumed run must know who was seen before its checkpoint.

    The same sizes give the same chunks.
    """
    people = Deduplicator()
    parts: list[StagedRows] = []
    count = 0
    place = (file.offset, file.line)
    for block in read_blocks(stream, file, block_bytes=block_bytes):
        part = validator.validate(block)
        parts.append(part)
        count += len(part.lines) + len(part.rejects)
        place = (block.offset, block.line)
        if count >= chunk_rows:
            yield chunk_of(parts, people, *place)
            parts, count = [], 0
    if parts:
        yield chunk_of(parts, people, *place)


def chunk_of(parts: list[StagedRows], people: Deduplicator, offset: int, line: int) -> Chunk:
    rows = joined(parts)
    parts.clear()
    read = len(rows.lines) + len(rows.rejects)
    rejects, rows.rejects = rows.rejects, []
    rows, duplicates = people.first_rows(rows)
    return Chunk(rows, rejects, read, duplicates, offset, line)


@dataclass(slots=True)
class Ended:
    """The last thing a reader says: nothing more, or why it stopped."""

    error: BaseException | None = None


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each made in a thread while its predecessor is used; errors come out where they are met.

    Never more than two are alive: the one in use and the next one.
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

    thread = Thread(target=run, name="import-reader", daemon=True)
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
