"""``make run``: the whole product comes up, also in the background of a script, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

SECONDS = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: the servers of an instance listen on sockets below it."""
    with tempfile.TemporaryDirectory(prefix="accord-run-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def within(check: Callable[[], Any]) -> Any:
    """What the check answers as soon as it answers something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError(check)


def answer(port: int, path: str) -> dict[str, Any] | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            read: dict[str, Any] = json.load(response)
            return read
    except (URLError, OSError):
        return None


def processes_of(folder: Path) -> list[str]:
    """The command lines of living processes that work on this instance."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if str(folder).encode() in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return [line for line in found if line]


@pytest.mark.skipif(not shutil.which("make"), reason="not run: make is missing (apt-get install make)")
def test_it_runs_in_the_background_of_a_script_and_stops_clean(folder: Path) -> None:
    port = free_port()
    given = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD", "DJANGO"))}
    process = subprocess.Popen(
        ["make", "run"],
        cwd=settings.BASE_DIR,
        env={**given, "PORT": str(port), "ACCORD_VAR": str(folder), "ACCORD_DEMO": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # As a shell does with `make run &` in a script.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        assert within(lambda: answer(port, "/healthz")) == {"status": "ok"}
        time.sleep(2)
        assert process.poll() is None, "it went on after it was up"
        assert answer(port, "/readyz")
    finally:
        process.terminate()
        process.wait(SECONDS)
    within(lambda: not processes_of(folder))
