"""The embedded services: shared, recovered, stopped by the last one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from portal import embedded
from portal.embedded import ServicesError, addresses
from portal.embedded.addresses import LONGEST_SOCKET_FOLDER, ROOT
from portal.embedded.probes import living_process, living_processes, services_answer

HOLDER = """
import sys
from pathlib import Path
from portal import embedded
embedded.hold(Path(sys.argv[1]))
print("holding", flush=True)
sys.stdin.read()
"""

Holder = subprocess.Popen[bytes]
Hold = Callable[[Path], Holder]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Starts a process that holds an instance's services until it is told to end."""
    holders: list[Holder] = []

    def start(var: Path) -> Holder:
        command = [sys.executable, "-c", HOLDER, str(var)]
        holders.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()
        holder.communicate()


def _new_var() -> Path:
    # Not tmp_path: the service user must reach it, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="accord-test-"))
    folder.chmod(0o755)
    return folder / "var"


def _remove(var: Path) -> None:
    assert embedded.stopped(var, timeout=30)
    home = (var / "services").resolve()
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(var.parent)


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    folder = _new_var()
    yield folder
    _remove(folder)


@pytest.fixture
def other_var() -> Iterator[Path]:
    folder = _new_var()
    yield folder
    _remove(folder)


def _is_holding(holder: Holder) -> bool:
    assert holder.stdout is not None
    return holder.stdout.readline() == b"holding\n"


def _until(condition: Callable[[], object], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _ask(var: Path, question: str) -> object:
    with psycopg.connect(addresses(var).database_url) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def _postmaster(var: Path) -> int | None:
    data = addresses(var).postgres_data
    return living_process("postgres", data / "postmaster.pid", data)


def _valkey(var: Path) -> int | None:
    data = addresses(var).valkey_data
    return living_process("valkey-server", data / "valkey.pid", data)


def _processes(var: Path) -> list[int]:
    places = addresses(var)
    return living_processes("postgres", places.postgres_data) + living_processes("valkey-server", places.valkey_data)


def _keeper(var: Path) -> int:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")[:-1]
        except OSError:
            continue  # it has just ended
        if words[-2:] == [b"portal.embedded.keeper", bytes(var)]:
            return int(entry.parent.name)
    raise AssertionError("no keeper runs")


def test_many_processes_that_start_at_once_share_one_pair_of_servers(var: Path, hold: Hold) -> None:
    holders = [hold(var) for _ in range(6)]
    assert all(_is_holding(holder) for holder in holders)
    assert len(living_processes("valkey-server", addresses(var).valkey_data)) == 1
    assert _ask(var, "SELECT current_user || ' ' || current_database()") == "accord accord"


def test_the_portals_role_is_no_superuser_and_nothing_listens_on_the_network(var: Path, hold: Hold) -> None:
    assert _is_holding(hold(var))
    assert _ask(var, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    settings = {"listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "max_wal_size": "4GB"}
    for name, value in settings.items():
        assert _ask(var, f"SELECT current_setting('{name}')") == value
    assert addresses(var).sockets.stat().st_mode & 0o077 == 0


def test_data_is_kept_and_nothing_runs_after_the_last_one_has_gone(var: Path, hold: Hold) -> None:
    first, second = hold(var), hold(var)
    assert _is_holding(first)
    assert _is_holding(second)
    with psycopg.connect(addresses(var).database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.kill()
    assert not embedded.stopped(var, timeout=2)
    second.kill()
    assert embedded.stopped(var, timeout=20)
    assert _processes(var) == []
    assert _is_holding(hold(var))
    assert _ask(var, "SELECT answer FROM kept") == 42


def test_a_program_started_by_a_holder_holds_nothing(other_var: Path) -> None:
    script = (
        "import subprocess, sys; from pathlib import Path; from portal import embedded;"
        "embedded.hold(Path(sys.argv[1]));"
        "print(subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid)"
    )
    command = [sys.executable, "-c", script, str(other_var)]
    stranger = int(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    try:
        assert embedded.stopped(other_var, timeout=20)
    finally:
        os.kill(stranger, signal.SIGKILL)


@pytest.mark.parametrize("server", [_postmaster, _valkey])
def test_a_server_killed_outright_is_started_again_while_somebody_holds(
    var: Path, hold: Hold, server: Callable[[Path], int | None]
) -> None:
    assert _is_holding(hold(var))
    before = server(var)
    assert before
    os.kill(before, signal.SIGKILL)
    assert _until(lambda: server(var) not in (None, before) and services_answer(addresses(var)))


def test_the_next_holder_recovers_from_the_death_of_keeper_and_servers(var: Path, hold: Hold) -> None:
    assert _is_holding(hold(var))
    os.kill(_keeper(var), signal.SIGKILL)
    for pid in (_postmaster(var), _valkey(var)):
        assert pid
        os.kill(pid, signal.SIGKILL)
    assert _is_holding(hold(var))
    assert _ask(var, "SELECT 1") == 1


def test_a_new_keeper_adopts_running_servers_and_stops_them_in_the_end(var: Path, hold: Hold) -> None:
    first = hold(var)
    assert _is_holding(first)
    postmaster = _postmaster(var)
    os.kill(_keeper(var), signal.SIGKILL)
    second = hold(var)
    assert _is_holding(second)
    assert _postmaster(var) == postmaster
    first.kill()
    second.kill()
    assert embedded.stopped(var, timeout=20)
    assert _processes(var) == []


def test_a_pid_file_that_names_somebody_elses_process_is_no_obstacle(var: Path, hold: Hold) -> None:
    holder = hold(var)
    assert _is_holding(holder)
    pid_file = addresses(var).postgres_data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    os.kill(_keeper(var), signal.SIGKILL)
    for pid in (_postmaster(var), _valkey(var)):
        assert pid
        os.kill(pid, signal.SIGKILL)
    holder.kill()
    assert _until(lambda: not _processes(var))
    # A process of the user the server runs as: to PostgreSQL it looks like its predecessor, still alive.
    owner = pid_file.stat().st_uid
    identity = {} if owner == os.geteuid() else {"user": owner}
    with subprocess.Popen(["sleep", "60"], cwd="/", **identity) as stranger:  # type: ignore[call-overload]
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert _is_holding(hold(var))
        stranger.kill()


def test_two_instances_run_side_by_side(var: Path, other_var: Path, hold: Hold) -> None:
    here, there = hold(var), hold(other_var)
    assert _is_holding(here)
    assert _is_holding(there)
    assert _postmaster(var) != _postmaster(other_var)
    there.kill()
    assert embedded.stopped(other_var, timeout=20)
    assert services_answer(addresses(var))


def test_data_of_another_major_version_is_refused_in_words(other_var: Path) -> None:
    data = addresses(other_var).postgres_data
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    for folder in (other_var, data.parent):
        folder.chmod(0o755)
    with pytest.raises(ServicesError, match=r"PostgreSQL 14.*PostgreSQL 18"):
        embedded.hold(other_var)
    embedded.release(other_var)


def test_addresses_fit_a_socket_however_deep_the_folder_and_start_nothing(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60) / "var"
    assert len(str(addresses(deep).sockets)) <= LONGEST_SOCKET_FOLDER
    assert addresses(deep).sockets != addresses(deep.with_name("other")).sockets
    assert not deep.parent.exists()


def test_a_deep_folder_is_served_through_a_short_socket(hold: Hold) -> None:
    outer = _new_var()
    deep = outer.parent / ("d" * 60) / ("e" * 60) / "var"
    holder = hold(deep)
    assert _is_holding(holder)
    assert _ask(deep, "SELECT 1") == 1
    holder.kill()
    assert embedded.stopped(deep, timeout=20)
    shutil.rmtree(addresses(deep).sockets)
    shutil.rmtree(outer.parent)
