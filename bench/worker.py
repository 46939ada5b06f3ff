"""One import in a process of its own, as a worker runs it: ``python -m bench.worker JOB`` answers one line of JSON."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.setting import use_bench_database


@dataclass(frozen=True)
class Ran:
    """Seconds from the job's start to its end, and the most memory in megabytes: of the worker, of its children."""

    seconds: float
    memory: float
    of_children: float


def run_in_worker(job_id: int) -> Ran:
    command = [sys.executable, "-m", "bench.worker", str(job_id)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Ran(**json.loads(answer.splitlines()[-1]))


def megabytes(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


def main(job_id: int) -> None:
    use_bench_database()
    import django

    django.setup()
    from portal.jobs.running import run_job
    from subscribers.imports.running import execute_import

    began = time.perf_counter()
    run_job(job_id, execute_import)
    took = time.perf_counter() - began
    ran = Ran(took, megabytes(resource.RUSAGE_SELF), megabytes(resource.RUSAGE_CHILDREN))
    print(json.dumps(vars(ran)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
