"""What every test stands on: real servers, a cast, and an honest word about what could not be run."""

from __future__ import annotations

import ctypes
import shutil

import pytest

from portal import embedded

embedded.hold_unless_given()

pytest_plugins = ["tests.people"]

NEEDS = {
    "browser": ("Chromium", "chromium", lambda: any(map(shutil.which, ("chromium", "chromium-browser")))),
    "gettext": ("xgettext", "gettext", lambda: shutil.which("xgettext") is not None),
    "pango": ("Pango", "libpango-1.0-0 libpangoft2-1.0-0", lambda: _loads("libpango-1.0.so.0")),
}


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests whose program is missing are reported as not run, with the package that brings it."""
    for mark, (program, package, present) in NEEDS.items():
        if present():
            continue
        reason = f"not run: {program} is missing (apt-get install {package})"
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
