"""Who the servers run as, and folders they may use.

PostgreSQL refuses to run as root. Started by a plain user, both servers run as that user, and nothing here
does anything. Started by root they run as the system user `accord` (made on first use; `nobody` where that is
impossible), and everything below `services/` belongs to it.

Who may connect: the servers listen on Unix sockets only, in a folder of mode 0700 that belongs to the user
they run as. So that user and root can reach them and nobody else, and PostgreSQL may trust whoever gets that
far.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

from .addresses import Addresses
from .errors import ServicesError

NAME = "accord"
STATE = Path("/var/lib/accord")


class Identity(TypedDict, total=False):
    """Arguments of `subprocess` that make a program run as the service user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class ServiceUser:
    """The operating-system user both servers run as."""

    uid: int
    gid: int

    @property
    def identity(self) -> Identity:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, test: str, path: Path) -> bool:
        """Whether this user passes the shell's `test -x` or `test -r` on `path`."""
        # A real attempt, not arithmetic on mode bits: access lists and security modules have a say too.
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", os.fspath(path)]
        return subprocess.run(command, cwd="/", check=False, **self.identity).returncode == 0

    def own(self, folder: Path) -> None:
        """Makes `folder`, private to this user; refuses one that belongs to somebody else."""
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_uid not in (self.uid, os.geteuid()):
                raise ServicesError(
                    f"{folder} belongs to another user. Run Accord as the user who started it first, or "
                    "give this instance another folder with ACCORD_VAR."
                )
            os.fchown(descriptor, self.uid, self.gid)
            os.fchmod(descriptor, 0o700)
        finally:
            os.close(descriptor)

    def open_log(self, path: Path) -> IO[bytes]:
        """Opens a log to append to; one that has grown past 10 MB is put aside first."""
        if path.exists() and path.stat().st_size > 10_000_000:
            path.replace(path.with_suffix(".old.log"))
        return self._open(path, os.O_APPEND)

    def write(self, path: Path, text: str) -> None:
        """Writes a file that belongs to this user."""
        with self._open(path, os.O_TRUNC) as file:
            file.write(text.encode())

    def _open(self, path: Path, flags: int) -> IO[bytes]:
        # Root writes into a folder of the service user here, and so must not follow a link that user might
        # lay.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)
        os.fchown(descriptor, self.uid, self.gid)
        return os.fdopen(descriptor, "wb")


def service_user() -> ServiceUser:
    """The user the servers of this process run as."""
    if os.geteuid() != 0:
        return ServiceUser(os.geteuid(), os.getegid())
    entry = _entry(NAME) or _made() or _entry("nobody")
    if entry is None:
        raise ServicesError(f"PostgreSQL does not run as root. Make a system user named {NAME} and start again.")
    return ServiceUser(entry.pw_uid, entry.pw_gid)


def prepare_folders(places: Addresses, user: ServiceUser) -> None:
    """Makes the folders of both servers, wherever their user can reach them."""
    if not places.services.exists():
        _make_services_folder(places, user)
    user.own(places.services.resolve())
    for folder in (places.sockets, places.logs, places.valkey_data):
        user.own(folder)


def readable_copy(package: Path, places: Addresses, user: ServiceUser) -> Path:
    """`package`, an installed one with programs in it, or a copy for a service user who cannot read it."""
    if user.may("-x", package) and user.may("-r", package):
        return package
    programs = places.services.resolve() / "programs"
    newest = max(path.stat().st_mtime_ns for path in package.rglob("*"))
    version = programs / f"{package.name}-{newest:x}"
    if not version.exists():
        user.own(programs)
        for earlier in programs.glob(f"{package.name}-*"):
            shutil.rmtree(earlier)
        unfinished = programs / f"{package.name}-new"
        # The programs look for their libraries beside the package.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                leave_out = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
                shutil.copytree(folder, unfinished / folder.name, ignore=leave_out)
        unfinished.chmod(0o755)
        unfinished.rename(version)
    return version / package.name


def _make_services_folder(places: Addresses, user: ServiceUser) -> None:
    if places.services.is_symlink():
        raise ServicesError(
            f"{places.services} leads to {places.services.readlink()}, which is gone. Restore it from a "
            "backup, or remove the link to begin with an empty database."
        )
    if user.may("-x", places.var):
        user.own(places.services)
        return
    # Below /root, or any folder the service user cannot enter, no server of its could work: the data then
    # lives with the system's other state. The name is random, and the link is the only way to it, so that a
    # clone made anew in the same place begins empty instead of finding the data of its predecessor.
    STATE.mkdir(parents=True, exist_ok=True)
    STATE.chmod(0o711)  # whatever the umask says
    home = STATE / f"{places.var.parent.name}-{secrets.token_hex(4)}"
    user.own(home)
    places.services.symlink_to(home)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made() -> pwd.struct_passwd | None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command = [program, *options, "--shell", "/usr/sbin/nologin", "--comment", "Accord", NAME]
    subprocess.run(command, check=False, capture_output=True)
    return _entry(NAME)
