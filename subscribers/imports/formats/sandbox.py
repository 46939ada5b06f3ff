"""Running the program that reads an untrusted file: bytes in by one pipe, lines of a table out by the other."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, Timer
from typing import IO, Any, BinaryIO

from subscribers.imports.formats.child import REFUSED
from subscribers.imports.problems import (
    BrokenFileError,
    EmptyFileError,
    EmptySheetError,
    EncryptedFileError,
    NoSuchPartError,
    TooManyColumnsError,
    UnpacksTooLargeError,
    UnreadableFileError,
)

PROGRAM = Path(__file__).with_name("child.py")
ROOT = PROGRAM.parents[3]
PIECE_BYTES = 256 * 1024
LONGEST_HEAD = 4 * 1024 * 1024
MEGABYTE = 1024 * 1024
REFUSALS: dict[str, type[UnreadableFileError]] = {
    error.code: error
    for error in (
        BrokenFileError,
        EmptyFileError,
        EmptySheetError,
        EncryptedFileError,
        NoSuchPartError,
        TooManyColumnsError,
        UnpacksTooLargeError,
    )
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: bytes of memory, seconds of processor and of clock."""

    memory: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a child found out about a file, and the pieces of the table as they come."""

    found: dict[str, Any]
    pieces: Iterator[bytes]


@contextmanager
def converted(module: str, stream: BinaryIO, limits: Limits, **options: Any) -> Iterator[Conversion]:
    """Have a child turn a file into a table.

    Raises the UnreadableFileError of its refusal, also while the pieces are read.
    """
    options = {**options, "memory": limits.memory, "seconds": limits.seconds}
    command = [sys.executable, "-I", str(PROGRAM), str(ROOT), module, json.dumps(options)]
    pipes = subprocess.PIPE
    # Nothing of our environment: it holds keys.
    with subprocess.Popen(command, stdin=pipes, stdout=pipes, stderr=pipes, env={}, cwd="/") as child:
        run = Run(child, stream)
        timer = Timer(limits.seconds, run.stop)
        timer.start()
        run.feeder.start()
        try:
            yield Conversion(run.found(), run.pieces())
        finally:
            timer.cancel()
            child.kill()
            run.feeder.join()


class Run:
    """One child: a thread feeds it while its lines are read."""

    def __init__(self, child: subprocess.Popen[bytes], stream: BinaryIO) -> None:
        self._child, self._stream = child, stream
        self._stopped = False
        self._error: BaseException | None = None
        self.feeder = Thread(target=self._feed, name="format-feeder", daemon=True)

    def stop(self) -> None:
        self._stopped = True
        self._child.kill()

    def found(self) -> dict[str, Any]:
        line = self._output.readline(LONGEST_HEAD)
        if not line.endswith(b"\n"):
            self._require_success()
            raise BrokenFileError
        found: dict[str, Any] = json.loads(line)
        return found

    def pieces(self) -> Iterator[bytes]:
        while piece := self._output.read(PIECE_BYTES):
            yield piece
        self._require_success()

    @property
    def _output(self) -> IO[bytes]:
        assert self._child.stdout is not None  # noqa: S101
        return self._child.stdout

    def _feed(self) -> None:
        assert self._child.stdin is not None  # noqa: S101
        try:
            with self._child.stdin as pipe:
                while piece := self._stream.read(PIECE_BYTES):
                    pipe.write(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has read as much as it wanted
        except BaseException as error:  # it is raised again by whoever waits for the table
            self._error = error
            self._child.kill()

    def _require_success(self) -> None:
        assert self._child.stderr is not None  # noqa: S101
        said = self._child.stderr.read(MEGABYTE).decode("ascii", "replace")
        code = self._child.wait()
        if self._error:
            raise self._error
        if code != 0:
            raise refusal(code, said, stopped=self._stopped)


def refusal(code: int, said: str, *, stopped: bool) -> UnreadableFileError:
    """The error behind an exit: what the child said, or what became of it."""
    if code == REFUSED and said in REFUSALS:
        return REFUSALS[said]()
    out_of_bounds = stopped or code in (-signal.SIGXCPU, -signal.SIGKILL) or "memory allocation" in said
    return UnpacksTooLargeError() if out_of_bounds else BrokenFileError()
