"""Brings a bare Debian or Ubuntu to where `make run` and `make test` work; a no-op when all is there.

    python3 -I portal/bootstrap.py run|test

Runs before there is a virtual environment, so on the standard library alone, and not as part of the portal.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = {
    "run": [ROOT / "requirements.txt"],
    "test": [ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"],
}
PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
BROWSERS = ("chromium", "chromium-browser")
# For a plain user of a Debian whose Python came without `venv`: fetched from the package index, and this one alone.
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main() -> None:
    purpose = sys.argv[1] if len(sys.argv) > 1 else "run"
    if purpose not in REQUIREMENTS:
        sys.exit("usage: python3 -I portal/bootstrap.py run|test")
    # Two instances may be started from one clone at the same moment.
    with (ROOT / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_system_packages(purpose)
        install_requirements(purpose)
        compile_catalogues()


def install_system_packages(purpose: str) -> None:
    """Installs what is missing with apt when root; otherwise says what is missing, and carries on."""
    missing = missing_system_packages(purpose)
    if not missing or apt_install(list(missing)):
        return
    # Ubuntu has no package of one of the names, say: that is no reason to go without the others.
    for package in missing if len(missing) > 1 else ():
        apt_install([package])
    missing = missing_system_packages(purpose)
    if not missing:
        return
    say("These are missing, and Accord runs without them, with less:")
    for package, loss in missing.items():
        say(f"  {package}: {loss}")
    say(f"To have them: sudo apt-get install {' '.join(missing)}")


def missing_system_packages(purpose: str) -> dict[str, str]:
    """Debian's name of each package that is missing, and what does not work without it."""
    missing = {}
    if not all(loads(library) for library in PANGO):
        for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"):
            missing[package] = "no PDF reports"
    if not any(any(Path("/usr/share/fonts").rglob(f"*.{kind}")) for kind in ("ttf", "otf")):
        missing["fonts-dejavu-core"] = "no text in PDF reports"
    if purpose == "test":
        if not any(shutil.which(name) for name in BROWSERS):
            missing["chromium"] = "the tests of pages in a browser are not run"
        if not loads("libatomic.so.1"):  # of Playwright's own Node
            missing["libatomic1"] = "the tests of pages in a browser are not run"
        if not shutil.which("xgettext"):
            missing["gettext"] = "the tests of the translations are not run"
    return missing


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_install(packages: list[str]) -> bool:
    """Whether all of them are installed now."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say(f"Installing {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "--no-install-recommends", *packages])
    results = [
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
        for command in commands
    ]
    return results[-1].returncode == 0


def install_requirements(purpose: str) -> None:
    """Makes the virtual environment, and installs the pinned requirements when they have changed."""
    if not usable(PYTHON):
        make_environment()
    digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in REQUIREMENTS[purpose]}
    files = [file for file, digest in digests.items() if not (VENV / f".installed-{digest}").exists()]
    if not files:
        return
    say(f"Installing {' and '.join(str(file.relative_to(ROOT)) for file in files)}")
    options = ["--require-hashes"]
    for file in files:
        options += ["-r", str(file)]
    if subprocess.run([*installer(), *options], cwd=ROOT, check=False).returncode != 0:
        sys.exit("The requirements could not be installed: see above. Is a package index reachable?")
    for file in files:
        (VENV / f".installed-{digests[file]}").touch()


def make_environment() -> None:
    say(f"Making {VENV.relative_to(ROOT)} with Python {sys.version.split()[0]}")
    uv = working_uv()
    if uv:
        command = [uv, "venv", "--quiet", "--clear", "--python", base_python(), str(VENV)]
    elif has_ensurepip():
        command = [base_python(), "-m", "venv", "--clear", str(VENV)]
    else:
        command = [base_python(), "-m", "venv", "--clear", "--without-pip", str(VENV)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit("The virtual environment could not be made: see above.")
    if "--without-pip" in command:
        install_pip()


def has_ensurepip() -> bool:
    """Whether Python's venv is complete; Debian and Ubuntu ship that part apart, and root can have it."""
    return importlib.util.find_spec("ensurepip") is not None or apt_install([venv_package()])


def venv_package() -> str:
    return f"python3.{sys.version_info.minor}-venv"


def install_pip() -> None:
    """Fetches pip from the package index and lets it install itself; only the very file we know will do."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        page = fetch(index).decode()
        address = re.search(rf'href="([^"#]*{re.escape(PIP)})', page)
        wheel = fetch(urllib.parse.urljoin(index, address[1])) if address else b""
    except OSError as error:
        say(f"{index}: {error}")
        wheel = b""
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"Python's venv is incomplete. As root: apt-get install {venv_package()}, and start again.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PIP
        file.write_bytes(wheel)
        command = [str(PYTHON), f"{file}/pip", "install", "--quiet", "--no-index", str(file)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            sys.exit("pip could not be installed: see above.")


def fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 (the index the operator chose)
        content: bytes = answer.read()
    return content


def installer() -> list[str]:
    """The command, up to its options, that installs into the virtual environment."""
    uv = working_uv()
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    pip = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        make_environment()  # uv made it, without pip, and is gone
    return [*pip, "install", "--quiet", "--disable-pip-version-check"]


def working_uv() -> str | None:
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0:
        return uv
    return None


def base_python() -> str:
    """The interpreter outside of any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def usable(python: Path) -> bool:
    if Path(sys.executable) == python:
        return True
    command = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return python.exists() and subprocess.run(command, check=False).returncode == 0


def compile_catalogues() -> None:
    for source in (ROOT / "portal" / "locale").glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        command = [str(PYTHON), "-m", "babel.messages.frontend", "-q", "compile", "-i", str(source)]
        subprocess.run([*command, "-o", str(target)], cwd=ROOT, check=True)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
