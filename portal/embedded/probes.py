"""Is it up? The servers themselves answer, over their sockets, in milliseconds and without a driver."""

import os
import socket
import struct
from pathlib import Path

from .addresses import Addresses

TIMEOUT_SECONDS = 2.0
GOODBYE = b"X\0\0\0\x04"


def postgres_answers(places: Addresses) -> bool:
    """Whether PostgreSQL accepts a session on our database (not: whether it is starting up or recovering)."""
    words = ["user", places.user, "database", places.database, "application_name", "accord probe"]
    body = struct.pack("!I", 196608) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
    # Followed by a goodbye, or the server's log would tell of a lost connection at every probe.
    first = _ask(places.postgres_socket, struct.pack("!I", len(body) + 4) + body + GOODBYE, 1)
    return first == b"R"  # AuthenticationOk; anything refused or not ready yet answers with E


def valkey_answers(places: Addresses) -> bool:
    """Whether Valkey serves commands (not: whether it is still loading its file)."""
    return _ask(places.valkey_socket, b"PING\r\n", 5) == b"+PONG"


def services_answer(places: Addresses) -> bool:
    return valkey_answers(places) and postgres_answers(places)


def living_process(program: str, pid_file: Path, folder: Path) -> int | None:
    """The process named by the first line of `pid_file`, if it is a living `program` that works in `folder`.

    Both servers make their data folder their working folder, so a number that the kernel has since given to
    another process is never mistaken for them.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _is(pid, program, folder) else None


def living_processes(program: str, folder: Path) -> list[int]:
    """Every living `program` that works in `folder`: a server and the children it may have left behind."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _is(int(entry), program, folder)]


def _is(pid: int, program: str, folder: Path) -> bool:
    try:
        here = Path(os.readlink(f"/proc/{pid}/cwd")) == folder.resolve()
        return here and Path(f"/proc/{pid}/comm").read_text().strip() == program
    except OSError:
        return False


def _ask(path: Path, question: bytes, length: int) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(os.fspath(path))
            connection.sendall(question)
            answer = connection.recv(length, socket.MSG_WAITALL)
            while connection.recv(4096) and question.endswith(GOODBYE):
                pass
            return answer
    except OSError:
        return b""
