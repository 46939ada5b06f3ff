"""The ground of a measurement: a database of its own on this instance's server, and one organisation."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

DATABASE = "accord_bench"


def use_bench_database() -> None:
    """Point Django at the bench database, started if need be; call it before anything else of the project."""
    from portal import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ["ACCORD_SETTINGS"] = "test"
    embedded.hold_unless_given()
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = DATABASE


def make_database() -> None:
    """Empty and migrated."""
    import psycopg
    from django.conf import settings

    given = settings.DATABASES["default"]
    address = {"user": given["USER"], "host": given["HOST"], "port": given.get("PORT") or None}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as server:
        try:
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        except psycopg.errors.InsufficientPrivilege:  # the autovacuum is there, whom only the server may send away
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE}")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


@dataclass(frozen=True)
class Server:
    """A web server measured from outside, as the product is run."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start_server(application: str, port: int, *, workers: int = 2) -> Server:
    """Granian as `make run` starts it, on this WSGI application."""
    import time
    from urllib.error import URLError
    from urllib.request import urlopen

    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", "4", "--no-access-log", "--log-level", "error"]
    process = subprocess.Popen(
        [*command, application], env={**os.environ, "ACCORD_BASE_URL": f"http://127.0.0.1:{port}"}
    )
    url = f"http://127.0.0.1:{port}"
    for _attempt in range(200):
        try:
            urlopen(f"{url}/healthz", timeout=2).close()
            return Server(process, url)
        except (URLError, OSError):
            time.sleep(0.1)
    process.kill()
    message = f"{application} did not come up"
    raise RuntimeError(message)
