"""What every test stands on: real servers, a cast, and an honest word about what could not be run."""

from __future__ import annotations

import ctypes
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations

from portal import embedded

embedded.hold_unless_given()

pytest_plugins = ["tests.people"]

APPEND_ONLY = (
    "consent_consentevent",
    "consent_formversion",
    "consent_noticefile",
    "consent_noticeversion",
    "consent_purposeversion",
    "portal_auditentry",
    "portal_seal",
    "portal_sealblock",
    "portal_verification",
)


@pytest.fixture(autouse=True, scope="session")
def _tables_are_emptied_between_tests() -> Iterator[None]:
    """The database refuses to empty append-only tables even for a test's clean-up, so its triggers look away."""
    truncate = DatabaseOperations.execute_sql_flush

    def past_the_triggers(self: DatabaseOperations, sql_list: list[str]) -> None:
        switch = [f"ALTER TABLE {table} {{}} TRIGGER append_only_table" for table in APPEND_ONLY]
        off, on = ([line.format(word) for line in switch] for word in ("DISABLE", "ENABLE"))
        truncate(self, [*off, *sql_list, *on])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", past_the_triggers)
        yield


@pytest.fixture(autouse=True)
def _limits_start_anew() -> None:
    """How often somebody may try is counted in Valkey, which outlives a test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _passwords_are_quick(settings: Any) -> None:
    """The real hash is slow on purpose, and no test is about it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _loads(*libraries: str) -> bool:
    try:
        for library in libraries:
            ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_browser() -> bool:
    # Playwright's own Node wants libatomic, which a bare Debian does not have.
    return any(map(shutil.which, ("chromium", "chromium-browser"))) and _loads("libatomic.so.1")


NEEDS = {
    "browser": ("Chromium", "chromium libatomic1", _has_browser),
    "gettext": ("xgettext", "gettext", lambda: shutil.which("xgettext") is not None),
    "pango": (
        "Pango",
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        lambda: _loads("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"),
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests whose program is missing are reported as not run, with the package that brings it."""
    for mark, (program, package, present) in NEEDS.items():
        if present():
            continue
        reason = f"not run: {program} is missing (apt-get install {package})"
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def aside() -> Iterator[Callable[[Callable[[], None]], threading.Thread]]:
    """Run work in a thread with a connection of its own."""
    threads = []

    def run(work: Callable[[], None]) -> threading.Thread:
        def closing() -> None:
            try:
                work()
            finally:
                connections.close_all()

        thread = threading.Thread(target=closing)
        thread.start()
        threads.append(thread)
        return thread

    yield run
    for thread in threads:
        thread.join(60)
