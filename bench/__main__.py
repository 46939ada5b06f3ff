"""``make bench``: the performance table, ours beside the limit, in one run."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.setting import make_database, use_bench_database


def main() -> None:
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--only", choices=["imports", "ledger", "rates"], help="measure this part alone")
    given = arguments.parse_args()
    use_bench_database()
    make_database()
    from bench.story import ALONE, measure_all
    from bench.table import HEAD

    with tempfile.TemporaryDirectory() as folder:
        lines = ALONE.get(given.only, measure_all)(Path(folder), given.rows)
    print()
    print(HEAD)
    for line in lines:
        print(line)


main()
