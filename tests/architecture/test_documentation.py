"""What operators and integrators rely on is written down."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

from portal.errors import error_classes

ROOT = Path(settings.BASE_DIR)
REFERENCE = ROOT / "docs" / "reference"
APPS = ("portal", "subscribers", "consent", "compliance")


def variables_read() -> set[str]:
    found: set[str] = set()
    for name in ("settings/environment.py", "embedded/addresses.py", "management/commands/run.py"):
        text = (ROOT / "portal" / name).read_text()
        found |= set(re.findall(r'"((?:ACCORD_|VALKEY_|DATABASE_|BROKER_|EMAIL_)[A-Z_]+|PORT)"', text))
    return found


def test_every_setting_is_documented() -> None:
    written = set(re.findall(r"^\| `([A-Z_]+)`", (REFERENCE / "settings.md").read_text(), re.MULTILINE))
    assert variables_read() == written


def test_every_command_of_ours_is_documented() -> None:
    written = (REFERENCE / "commands.md").read_text()
    ours = [name for name, app in get_commands().items() if app in APPS]
    assert ours
    assert [name for name in ours if f"manage.py {name}" not in written] == []


def test_every_error_code_is_documented() -> None:
    written = (REFERENCE / "codes.md").read_text()
    assert [code for code in sorted({error.code for error in error_classes()}) if f"`{code}`" not in written] == []


def test_documents_stay_short_and_name_no_machine() -> None:
    for path in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        text = path.read_text()
        assert not re.search(r"/work/|/root/|/home/\w", text), path
        if path.parent.name == "decisions":
            assert text.count("\n") <= 40, path
