"""Holding the services: they run as long as any process holds them.

Three locks in `var/run`, all of them `flock`s, which the kernel releases however a process ends:

- `holders.lock`: shared by every process that needs the services; exclusive for the keeper while it stops
them.
- `start.lock`: exclusive for the one process that is bringing them up.
- `keeper.lock`: exclusive for the living keeper.

The descriptors are close-on-exec: a program started by a holder holds nothing. A forked child of a holder
does.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .addresses import ROOT, Addresses, addresses, uses_embedded_services, var_folder
from .errors import ServicesError
from .probes import services_answer

START_SECONDS = 180.0
STOP_SECONDS = 120.0

_held: dict[Path, int] = {}
_held_guard = threading.Lock()


def hold_unless_given(var: Path | None = None) -> None:
    """Holds the embedded services of this instance, unless the environment names real ones."""
    if uses_embedded_services():
        hold(var or var_folder())


def hold(var: Path) -> None:
    """Makes sure the services of `var` are up, and keeps them up for the life of this process.

    Takes a few milliseconds when they are, some hundred when they must be started, some seconds the very
    first time. Raises ServicesError, which says what to do.
    """
    places = addresses(var)
    with _held_guard:
        if places.var not in _held:
            _prepare(places)
            _held[places.var] = _lock(places.run / "holders.lock", fcntl.LOCK_SH, STOP_SECONDS)
    if keeper_lives(places) and services_answer(places):
        return
    with _locked(places.run / "start.lock", fcntl.LOCK_EX, START_SECONDS):
        _bring_up(places)


def release(var: Path) -> None:
    """Lets go before the end of the process."""
    with _held_guard:
        descriptor = _held.pop(addresses(var).var, None)
    if descriptor is not None:
        os.close(descriptor)


def stopped(var: Path, timeout: float) -> bool:
    """Waits until both services and their keeper are down; whether that happened within `timeout` seconds."""
    places = addresses(var)
    deadline = time.monotonic() + timeout
    while keeper_lives(places):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return not services_answer(places)


def is_held(var: Path) -> bool:
    """Whether any process holds the services."""
    try:
        # Longer than the keeper takes for its own look.
        os.close(_lock(addresses(var).run / "holders.lock", fcntl.LOCK_EX, 0.3))
    except ServicesError:
        return True
    return False


def keeper_lives(places: Addresses) -> bool:
    """Whether some process is the keeper."""
    try:
        os.close(_lock(places.run / "keeper.lock", fcntl.LOCK_SH, 0))
    except (ServicesError, FileNotFoundError):
        return (places.run / "keeper.lock").exists()
    return False


def _prepare(places: Addresses) -> None:
    try:
        # 0711: the servers' user must pass through to its own folder when root runs us, and see nothing else.
        if not places.var.exists():
            places.var.mkdir(mode=0o711, parents=True)
        places.run.mkdir(mode=0o700, exist_ok=True)
        (places.run / "holders.lock").touch()
    except OSError as error:
        raise ServicesError(
            f"{places.var} cannot be used ({error.strerror}). Run Accord as the user it belongs to, or "
            "name another folder with ACCORD_VAR."
        ) from error


def _bring_up(places: Addresses) -> None:
    complaint = places.run / "keeper.error"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not keeper_lives(places):
            complaint.unlink(missing_ok=True)
            _start_keeper(places)
        if complaint.exists():
            raise ServicesError(complaint.read_text())
        if services_answer(places):
            return
        time.sleep(0.02)
    raise ServicesError(f"The embedded services did not start in {START_SECONDS:.0f} s; see {places.logs}.")


def _start_keeper(places: Addresses) -> None:
    # The keeper detaches itself and this command returns once it holds its lock.
    command = [sys.executable, "-m", "portal.embedded.keeper", os.fspath(places.var)]
    result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ServicesError(f"The keeper of the embedded services did not start:\n{result.stderr[-2000:]}")


def _lock(path: Path, kind: int, seconds: float) -> int:
    """An open descriptor that holds the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise ServicesError(f"{path} is still locked by another process after {seconds:.0f} s.") from None
            time.sleep(0.01)
        else:
            return descriptor


@contextlib.contextmanager
def _locked(path: Path, kind: int, seconds: float) -> Iterator[None]:
    descriptor = _lock(path, kind, seconds)
    try:
        yield
    finally:
        os.close(descriptor)
