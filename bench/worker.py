"""One import in a process of its own, as a worker runs it: ``python -m bench.worker JOB`` answers one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

from bench.setting import use_bench_database


@dataclass(frozen=True)
class Ran:
    """Seconds from the job's start to its end, and the most memory in megabytes: of the worker, of its children.

    ``busy`` and ``busy_children`` are seconds of processor time: the machine may have other things to do.
    """

    seconds: float
    memory: float
    of_children: float
    busy: float
    busy_children: float


def run_in_worker(job_id: int) -> Ran:
    command = [sys.executable, "-m", "bench.worker", str(job_id)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Ran(**json.loads(answer.splitlines()[-1]))


def most_memory(process: str) -> float:
    """What a process has had in memory at most; ``getrusage`` would count what its parent had when it forked."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def children_watched() -> Iterator[list[float]]:
    """The most memory of any child, looked at now and then."""
    most, stopped = [0.0], Event()

    def look() -> None:
        while not stopped.wait(0.25):
            for listed in Path("/proc/self/task").glob("*/children"):
                for child in listed.read_text().split():
                    try:
                        most[0] = max(most[0], most_memory(child))
                    except (OSError, IndexError):
                        continue  # it has just ended

    thread = Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        stopped.set()
        thread.join()


def main(job_id: int) -> None:
    use_bench_database()
    import django

    django.setup()
    from portal.jobs.running import run_job
    from subscribers.imports.running import execute_import

    with children_watched() as of_children:
        began, worked = time.perf_counter(), os.times()
        run_job(job_id, execute_import)
        took, end = time.perf_counter() - began, os.times()
    ran = Ran(
        seconds=took,
        memory=most_memory("self"),
        of_children=of_children[0],
        busy=end.user + end.system - worked.user - worked.system,
        busy_children=end.children_user + end.children_system - worked.children_user - worked.children_system,
    )
    print(json.dumps(asdict(ran)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
