"""The French catalogue is complete: nothing missing, nothing fuzzy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("portal", "subscribers", "consent", "compliance", "templates")
CATALOGUE = ROOT / "portal" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
BREAKING = re.compile(r" [:;?!»](?=\s|$)|« ")  # a plain space, at which a line may break before the sign
# "messages de Atelier Lumière": before a name that may begin with a vowel, French would have to elide.
ELIDED = re.compile(r"\b(?:de|que|jusque|le|la|[dlq]u?') ?%\((?:organisation|organisation_name|sender|name)\)s", re.I)
SETTINGS = "from pathlib import Path\nLOCALE_PATHS = [Path(__file__).parent / 'portal' / 'locale']\n"


@pytest.mark.gettext
def test_every_text_of_the_product_has_its_french(tmp_path: Path) -> None:
    for name in SOURCES:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    # Settings of its own: extraction must depend on the texts alone.
    (tmp_path / "extraction.py").write_text(SETTINGS)
    command = [sys.executable, "-m", "django", "makemessages", "-l", "fr", "--no-location", "-v", "0"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "extraction", "PYTHONPATH": str(tmp_path)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    with (tmp_path / "portal" / "locale" / "fr" / "LC_MESSAGES" / "django.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="fr") if message.id]
    assert messages
    assert [message.id for message in messages if message.fuzzy] == []
    assert [message.id for message in messages if not _translated(message.string)] == []


def test_no_french_line_can_break_before_a_colon_or_inside_a_quotation() -> None:
    with CATALOGUE.open("rb") as file:
        texts = [text for message in read_po(file, locale="fr") if message.id for text in _texts(message.string)]
    assert texts
    assert [text for text in texts if BREAKING.search(text)] == []


def test_no_french_text_needs_an_elision_before_the_name_of_somebody() -> None:
    with CATALOGUE.open("rb") as file:
        texts = [text for message in read_po(file, locale="fr") if message.id for text in _texts(message.string)]
    assert ELIDED.search("Messages de %(organisation)s")
    assert [text for text in texts if ELIDED.search(text)] == []


def _texts(text: str | list[str] | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _translated(text: str | list[str] | tuple[str, ...]) -> bool:
    return all(_texts(text)) and bool(text)
