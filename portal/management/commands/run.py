"""`manage.py run`: web, workers and beat of one instance, with everything they need; what `make run` calls."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal import embedded
from portal.children import Child, end_with_parent, make_catches_interrupts, started_by_make, stop_all
from portal.jobs.queues import WORKERS, Worker

TICK_SECONDS = 0.2
READY_SECONDS = 120.0


class Command(BaseCommand):
    help = "Starts web, workers and beat, and stops all of it on Ctrl-C or SIGTERM."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.host = os.environ.get("ACCORD_HOST", "127.0.0.1")
        self.port = settings.ACCORD.port
        self.stopping = False
        self.make_listens = make_catches_interrupts()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)
        if started_by_make():  # a shell that ends leaves us running, as it does any server put in the background
            end_with_parent()
        self.require_free_port()
        self.prepare_database()
        children = self.children()
        try:
            self.mind(children)
        finally:
            self.end(children)

    def stop(self, *_: object) -> None:
        self.stopping = True

    def require_free_port(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise CommandError(
                    f"Accord cannot listen on {self.host} port {self.port}: {error.strerror}. "
                    f"Choose another one: PORT={self.port + 1} make run"
                ) from error

    def prepare_database(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Preparing the database")
            call_command("migrate", verbosity=0, interactive=False)
        if self.wants_demo():
            self.say("Loading the demo organisation")
            call_command("demo", stdout=StringIO())  # announce() prints who can sign in
        if settings.ACCORD.production:
            self.say("Collecting the static files")
            call_command("collectstatic", verbosity=0, interactive=False)
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]

    def wants_demo(self) -> bool:
        from portal.models import Organisation

        allowed = settings.ACCORD.demo and not settings.ACCORD.production
        return allowed and "demo" in get_commands() and not Organisation.objects.exists()

    def children(self) -> list[Child]:
        """The web server first: it is what somebody is waiting for."""
        # Celery warns of root; the embedded instance of somebody who is root has nobody else to run as.
        python = [sys.executable, "-W", "ignore:You're running the worker", "-m"]
        celery = [*python, "celery", "--app", "portal.celery:app", "--quiet"]
        schedule = str(settings.ACCORD.var / "run" / "beat-schedule")
        commands = {
            "web": [*python, "granian", *self.web_options(), "portal.wsgi:application"],
            **{f"{worker.name} worker": [*celery, "worker", *self.worker_options(worker)] for worker in WORKERS},
            "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile", ""],
        }
        return [Child(name, command, settings.BASE_DIR) for name, command in commands.items()]

    def web_options(self) -> list[str]:
        cores = len(os.sched_getaffinity(0))
        options = {
            "--interface": "wsgi",
            "--host": self.host,
            "--port": str(self.port),
            "--workers": str(max(2, cores)),
            # Threads of a process share one lock, so more processes serve more. A few threads keep short
            # pages moving while one of them streams an audience or takes an upload.
            "--blocking-threads": "4",
            "--backlog": "2048",
            "--log-level": "warning",
            # One that was told to stop while it was still starting may miss it.
            "--workers-kill-timeout": "3",
        }
        return [part for pair in options.items() for part in pair] + ["--respawn-failed-workers", "--no-ws"]

    def worker_options(self, worker: Worker) -> list[str]:
        options = {
            "--queues": ",".join(worker.queues),
            "--concurrency": str(worker.processes),
            "--hostname": f"{worker.name}@%h",
            "--loglevel": "WARNING",
        }
        return [part for pair in options.items() for part in pair] + ["--without-gossip", "--without-mingle"]

    def mind(self, children: list[Child]) -> None:
        web, *others = children
        web.start()
        self.wait_until_healthy(web)
        for child in others:
            child.start()
        if not self.stopping:
            self.announce()
        checked_at = time.monotonic()
        while not self.must_stop():
            time.sleep(TICK_SECONDS)
            for child in children:
                if child.ended and child.restart_when_due():
                    self.say(f"The {child.name} process had ended and was started again.")
            if time.monotonic() - checked_at > 5:
                checked_at = time.monotonic()
                embedded.hold_unless_given(settings.ACCORD.var)

    def must_stop(self) -> bool:
        return self.stopping or (self.make_listens and not make_catches_interrupts())

    def wait_until_healthy(self, web: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.must_stop() and not self.healthy():
            if web.ended or time.monotonic() > deadline:
                raise CommandError("The web server does not start; see the messages above.")
            time.sleep(TICK_SECONDS / 4)

    def healthy(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        try:
            with urllib.request.urlopen(f"http://{host}:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            return answer.code < 500
        except OSError:
            return False

    def announce(self) -> None:
        self.say(f"\nAccord runs at {settings.ACCORD.base_url}")
        if settings.ACCORD.demo and not settings.ACCORD.production and "demo" in get_commands():
            call_command("demo", "--sign-ins", stdout=self.stdout)
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
        self.say("Ctrl-C stops it.")

    def end(self, children: list[Child]) -> None:
        # A second Ctrl-C must not interrupt the clean stop.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stop_all(children)
        if embedded.uses_embedded_services():
            embedded.release(settings.ACCORD.var)
            if not embedded.is_held(settings.ACCORD.var):
                embedded.stopped(settings.ACCORD.var, timeout=60)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
