"""A large file read by a process beside the worker's, which has an interpreter lock of its own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

from django.db import OperationalError

from subscribers.imports.reading.chunks import Chunk
from subscribers.imports.reading.frames import read_chunk
from subscribers.imports.reading.streaming import FileFormat
from subscribers.imports.values.converting import FieldLike
from subscribers.imports.values.rows import Reading

PROGRAM = Path(__file__).with_name("reader_program.py")
ROOT = PROGRAM.parents[3]
PIECE_BYTES = 256 * 1024
LARGE_BYTES = 16 * 1024 * 1024


class ReaderDiedError(OperationalError):
    """Somebody killed the process that reads: like a database that went away, another run goes on."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A declared field as far as reading needs it."""

    key: str
    type: str
    choices: Sequence[str]

    @classmethod
    def of(cls, field: FieldLike) -> FieldShape:
        return cls(field.key, field.type, list(field.choices or ()))


@dataclass(frozen=True, slots=True)
class Task:
    """What the program is told before the bytes of the file."""

    file: FileFormat
    reading: Reading
    sizes: Mapping[str, int]


def read_in_child(stream: BinaryIO, file: FileFormat, reading: Reading, sizes: Mapping[str, int]) -> Generator[Chunk]:
    """The chunks of `chunks.read_chunks`, made by another process. Raises ReaderDiedError."""
    shapes = [FieldShape.of(field) for field in reading.fields]
    task = Task(file, replace(reading, fields=shapes), sizes)
    command = [sys.executable, "-I", str(PROGRAM), str(ROOT)]
    # Nothing of our environment: it holds keys.
    # Nothing of our environment: it holds keys. And no threads of numpy's, which would wait for work, busily.
    environment = {"OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/") as child:
        feeder = Feeder(child, stream, task)
        feeder.start()
        try:
            yield from chunks_from(child, feeder)
        finally:
            child.kill()
            feeder.join()


def chunks_from(child: subprocess.Popen[bytes], feeder: Feeder) -> Generator[Chunk]:
    try:
        while (chunk := read_chunk(cast("BinaryIO", child.stdout))) is not None:
            yield chunk
    except EOFError:
        pass
    code = child.wait()
    if feeder.error:
        raise feeder.error
    if code != 0:
        message = f"the reader ended with {code}"
        raise ReaderDiedError(message)


class Feeder(Thread):
    """Gives the program its task and the bytes of the file."""

    def __init__(self, child: subprocess.Popen[bytes], stream: BinaryIO, task: Task) -> None:
        super().__init__(name="import-feeder", daemon=True)
        self._child, self._stream, self._task = child, stream, task
        self.error: BaseException | None = None

    def run(self) -> None:
        assert self._child.stdin is not None  # noqa: S101
        try:
            with self._child.stdin as pipe:
                pickle.dump(self._task, pipe)
                self._stream.seek(0)
                while piece := self._stream.read(PIECE_BYTES):
                    pipe.write(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it is gone; whoever waits for its chunks finds out
        except BaseException as error:  # it is raised again by whoever waits for the chunks
            self.error = error
            self._child.kill()
