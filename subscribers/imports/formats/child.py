"""The program that reads an untrusted file: ``python -I child.py <root> <format> <options>``, file in, table out.

It sets its own limits before it reads the first byte, knows nothing of the application, its settings or its keys, and
may write to its two pipes only.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

REFUSED = 3


def limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(root: str, module: str, options: dict[str, Any]) -> int:
    limit(options.pop("memory"), options.pop("seconds"))
    sys.path.insert(0, root)
    sys.setrecursionlimit(2000)
    package = "subscribers.imports.formats"
    lines = import_module(f"{package}.lines").TableLines(sys.stdout.buffer)
    refusal = import_module(f"{package}.refusals").Refusal
    try:
        import_module(f"{package}.{module}").write_table(sys.stdin.buffer, lines, **options)
        lines.flush()
        sys.stdout.buffer.flush()
    except refusal as error:
        sys.stderr.write(error.code)
        return REFUSED
    except MemoryError:
        sys.stderr.write("file_unpacks_too_large")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
