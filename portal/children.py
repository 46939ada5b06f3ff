"""The processes of `manage.py run`: started together, minded, and stopped together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_PAUSE = 30.0
# Work that was interrupted goes on from its checkpoint at the next start, so nobody has to wait for its end.
STOP_SECONDS = 8.0

_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Asks the kernel for a SIGTERM to this process when its parent dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass
class Child:
    """One process with its own session, so that a terminal's Ctrl-C reaches the parent alone."""

    name: str
    command: Sequence[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = field(default=0.5)

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    @property
    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def restart_when_due(self) -> bool:
        """Starts it again after a pause that doubles while it keeps dying young; whether it did."""
        age = time.monotonic() - self.started_at
        if age < self.pause:
            return False
        self.pause = 0.5 if age > LONGEST_PAUSE else min(self.pause * 2, LONGEST_PAUSE)
        self.signal(signal.SIGKILL)  # what it may have left behind
        self.start()
        return True

    def signal(self, number: signal.Signals, whole_session: bool = True) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if whole_session else os.kill)(self.process.pid, number)

    def session_lives(self) -> bool:
        if self.process is None:
            return False
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


def stop_all(children: Sequence[Child], seconds: float = STOP_SECONDS) -> None:
    """Asks each to end, and ends what has not done so in time; returns when all are gone."""
    for child in children:
        child.signal(signal.SIGTERM, whole_session=False)
    for final in (False, True):
        deadline = time.monotonic() + seconds
        while any(child.session_lives() for child in children) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not final:
            for child in children:
                child.signal(signal.SIGKILL)


def parent_status() -> dict[str, str]:
    """What the kernel says of our parent; empty when it is gone."""
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def started_by_make() -> bool:
    return parent_status().get("Name") == "make"


def make_catches_interrupts() -> bool:
    """Whether our parent is a `make` with its own handler for SIGINT.

    From a terminal, Ctrl-C reaches us as well. But `kill -INT` of make alone does not: make puts the default handler
    back, tells nobody, and waits for its children. So one that caught the signal when we started and no longer does was
    interrupted. A make in the background of a script ignores the signal from the start and tells nothing that way.
    """
    caught = int(parent_status().get("SigCgt", "0"), 16)
    return started_by_make() and bool(caught >> (signal.SIGINT - 1) & 1)
