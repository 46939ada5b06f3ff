"""Third-party files are exactly those of the versions we name."""

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parents[3] / "static" / "vendor"
LINES = json.loads((VENDOR / "versions.json").read_text())


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["file"])
def test_a_vendored_file_has_its_sum_and_its_licence(line: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / line["file"]).read_bytes()).hexdigest() == line["sha256"]
    assert (VENDOR / line["licence_file"]).stat().st_size > 500


def test_nothing_lies_there_without_a_version() -> None:
    known = {line["file"] for line in LINES} | {line["licence_file"] for line in LINES}
    found = {path.name for path in VENDOR.iterdir()}
    assert found - known == {"icons.txt", "versions.json"}


def test_every_icon_of_the_list_is_in_the_sprite() -> None:
    sprite = (VENDOR / "icons.svg").read_text()
    for name in (VENDOR / "icons.txt").read_text().split():
        assert f'<symbol id="{name}"' in sprite
