"""What a dry run lets somebody look at, row by row, and how little it keeps."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.merging.outcomes import examples, outcome_csv
from subscribers.imports.models import Import
from subscribers.suppression.actions import suppress
from tests.subscribers.imports.files import imported
from tests.subscribers.imports.test_running import declare

pytestmark = pytest.mark.django_db


def rows_of(source: Import, category: str) -> list[list[str]]:
    text = "".join(outcome_csv(source, category))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_each_outcome_can_be_downloaded(
    in_acme: Organisation, ada: Contact, ben: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 60)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 2)
    declare(in_acme, "city", "text")
    suppress(actor=Actor.system(in_acme), organisation=in_acme, addresses=["stop@x.example"], channel="email")
    content = (
        "email,first name,tags,city\n"
        "new@x.example,=cmd(),vip,\n"
        "ben@example.net,Benno,vip,Köln\n"
        f"{ada.email},{ada.first_name},,\n"
        "NEW@x.example,Other,,\n"
        "stop@x.example,Stop,,\n"
        "newer@x.example,Newer,,\n"
    )
    source = imported(in_acme, content, update_rule="overwrite", dry_run=True)
    assert source.outcomes == {"created": 2, "updated": 1, "unchanged": 1, "duplicate": 1, "suppressed": 1}
    assert rows_of(source, "created") == [
        ["line", "email", "phone", "external_id", "first_name", "last_name"],
        ["2", "new@x.example", "", "", "'=cmd()", ""],
        ["7", "newer@x.example", "", "", "Newer", ""],
    ]
    assert rows_of(source, "updated")[1:] == [
        ["3", str(ben.pk), "first_name", "Ben", "Benno"],
        ["3", str(ben.pk), "tags", "", "vip"],
        ["3", str(ben.pk), "attributes.city", "", "Köln"],
    ]
    assert rows_of(source, "unchanged")[1][:2] == ["4", str(ada.pk)]
    assert rows_of(source, "duplicate")[1][:2] == ["5", "NEW@x.example"]
    assert rows_of(source, "suppressed") == [["line", "channel", "reason"], ["6", "email", "manual"]]
    assert examples(source, "created", most=1) == [{"line": 2, "email": "new@x.example", "first_name": "=cmd()"}]
    assert rows_of(source, "would_resubscribe") == [["line", "contact", "purpose", "channel", "status"]]


def test_nothing_of_it_lies_about_in_clear(in_acme: Organisation, tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    source = imported(in_acme, "email\nnobody-else@x.example\n", dry_run=True)
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("outcomes" in str(path) for path in stored)
    assert not any(b"nobody-else" in path.read_bytes() for path in stored)
    assert source.outcomes["created"] == 1


def test_a_real_run_keeps_none(in_acme: Organisation) -> None:
    source = imported(in_acme, "email\na@x.example\n")
    assert source.outcomes == {}
    assert not default_storage.exists(f"imports/{source.pk}/outcomes")
