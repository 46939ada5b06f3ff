"""No template carries what the Content-Security-Policy forbids, and our styles and scripts stay small."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# E-mail clients know no stylesheets; their templates never reach a browser page of ours.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "mail" not in path.parts)
OURS = sorted([*(ROOT / "static" / "portal").iterdir(), *(ROOT / "static" / "public").iterdir()])
FORBIDDEN = {
    "inline style": re.compile(r"\sstyle\s*=|<style", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "evaluated htmx": re.compile(r"hx-on|hx-vals=['\"]js:|hx-vars", re.IGNORECASE),
    "other origin": re.compile(r"(?:src|href|action|hx-get|hx-post)=['\"](?:https?:)?//", re.IGNORECASE),
}


def problems(text: str) -> Iterator[str]:
    for name, pattern in FORBIDDEN.items():
        if pattern.search(text):
            yield name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_carries_nothing_inline_and_nothing_foreign(path: Path) -> None:
    assert list(problems(path.read_text())) == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">',
        "<script>alert(1)</script>",
        '<a onclick="x()">',
        '<script src="https://cdn.example/x.js">',
        '<div hx-on:click="x()">',
    ],
)
def test_the_check_sees_what_it_must(bad: str) -> None:
    assert list(problems(bad))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_styles_and_scripts_stay_small_and_at_home(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 200
    assert not re.search(r"url\(['\"]?(?:https?:)?//|@import ['\"]http", text)


def test_each_page_of_ours_has_a_template_with_one_title() -> None:
    for path in TEMPLATES:
        text = path.read_text()
        if '{% extends "base.html" %}' in text:
            assert "{% block title %}" in text, path
