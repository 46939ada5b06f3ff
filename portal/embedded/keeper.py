"""The keeper: `python -m portal.embedded.keeper VAR`. It starts both services, and stops them when unused.

It detaches itself into a session of its own, so that Ctrl-C in a terminal never reaches it or the servers:
the last transactions of the processes that do receive it still find a database.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from .addresses import Addresses, addresses
from .errors import ServicesError
from .postgres import Postgres, reap
from .service_user import prepare_folders, service_user
from .valkey import Valkey

TICK_SECONDS = 0.1
IDLE_SECONDS = 1.0


class Keeper:
    """Minds the two servers of one instance."""

    def __init__(self, places: Addresses) -> None:
        self.places = places
        self.holders = os.open(places.run / "holders.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.asked_to_end = False

    def keep(self) -> None:
        """Until nobody has held the services for a second: a server that is down is started."""
        user = service_user()
        prepare_folders(self.places, user)
        self.servers = (Postgres(self.places, user), Valkey(self.places, user))
        unused_since: float | None = None
        while not self.asked_to_end:
            unused = self._nobody_holds()
            unused_since = (unused_since or time.monotonic()) if unused else None
            if unused_since and time.monotonic() - unused_since >= IDLE_SECONDS and self._close_the_door():
                break
            if not unused:
                self._start_what_is_down()
            time.sleep(TICK_SECONDS)
        self._stop()

    def _start_what_is_down(self) -> None:
        reap()
        for server in self.servers:
            if server.pid is None:
                server.start()

    def _nobody_holds(self) -> bool:
        free = self._close_the_door()
        if free:
            fcntl.flock(self.holders, fcntl.LOCK_UN)
        return free

    def _close_the_door(self) -> bool:
        """Whether nobody holds; if so, whoever comes now waits until all is down, and starts it anew."""
        try:
            fcntl.flock(self.holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _stop(self) -> None:
        for server in self.servers:
            server.stop()
        reap()  # not every container has a first process that would

    def end(self, *_: object) -> None:
        """The machine is going down, or the operator asked: stop cleanly although somebody may still hold."""
        self.asked_to_end = True


def _become_the_keeper(places: Addresses) -> bool:
    """Whether this process is the keeper now, for as long as it lives."""
    descriptor = os.open(places.run / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    # Processes that look whether a keeper lives hold the lock for a moment, hence more than one attempt.
    for _ in range(100):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.005)
    return False


def _detach(places: Addresses) -> None:
    os.chdir("/")
    os.umask(0o077)
    log = os.open(places.run / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def main() -> None:
    """Returns to the caller when the keeper runs in the background and holds its lock."""
    places = addresses(Path(sys.argv[1]))
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        os.read(reading, 1)  # ends when the child writes or dies
        os._exit(0)
    os.setsid()
    if not _become_the_keeper(places):
        return
    _detach(places)
    os.write(writing, b"!")
    os.close(writing)
    keeper = Keeper(places)
    signal.signal(signal.SIGTERM, keeper.end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        keeper.keep()
    except (ServicesError, OSError) as error:
        (places.run / "keeper.error").write_text(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
