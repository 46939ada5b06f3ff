"""What the product imports is what it asks for, pinned."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", [ROOT, ROOT / "tests"])
def test_every_requirement_is_pinned_with_a_hash_and_no_address(folder: Path) -> None:
    named = _names((folder / "requirements.in").read_text())
    pinned = (folder / "requirements.txt").read_text()
    assert named <= _names(pinned)
    assert len(re.findall(r"^\S+==", pinned, re.M)) == len(re.findall(r"==[^\n]+\n +--hash=sha256:", pinned))
    assert "://" not in pinned


def _names(text: str) -> set[str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)", re.sub(r"^-.*$", "", text, flags=re.M), re.M)
    return {name.lower().replace("_", "-").replace(".", "-") for name in found}
