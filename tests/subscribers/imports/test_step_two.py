"""Step 2 for files that are no CSV: the sheet is chosen, a large file is read in the background first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from subscribers.imports import preparing
from subscribers.imports.models import Import
from tests.people import client_of
from tests.subscribers.imports.test_pages import newest
from tests.subscribers.imports.workbooks import xlsx

pytestmark = pytest.mark.django_db
SHEETS = {
    "Notes": [["Made by", "Ada"]],
    "People": [["E-mail", "Name"], ["ada@example.org", "Ada"], ["ben@example.org", "Ben"]],
    "Old": [["E-mail", "Name"], ["old@example.org", "Olga"]],
}


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def upload(browser: Client, name: str, content: bytes) -> str:
    answer = browser.post("/o/acme/imports/new/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, text_of(answer)
    return str(answer.url)  # type: ignore[attr-defined]


def test_the_sheet_is_said_and_another_one_chosen(browser: Client, acme: Organisation) -> None:
    address = upload(browser, "people.xlsx", xlsx(SHEETS))
    page = text_of(browser.get(address))
    assert "ada@example.org" in page
    assert '<option value="People" selected>' in page
    assert "Excel (XLSX)" in page
    assert "id_encoding" not in page
    answer = browser.post(address, {"part": "Old", "update_rule": "fill", "column_0": "email"})
    assert answer.url == address, "the columns of another sheet are looked at first"  # type: ignore[attr-defined]
    assert "old@example.org" in text_of(browser.get(address))


def test_a_json_file_needs_no_dialect(browser: Client, acme: Organisation) -> None:
    address = upload(browser, "people.json", json.dumps([{"email": "ada@example.org", "name": "Ada"}]).encode())
    page = text_of(browser.get(address))
    assert "ada@example.org" in page
    for name in ("encoding", "delimiter", "quote", "header", "skipped_lines"):
        assert f'name="{name}"' not in page


def read(source: Import) -> None:
    from subscribers.imports import ending

    assert source.job_id is not None
    run_job(source.job_id, preparing.read_file, on_failure=ending.fail_import)


def test_a_large_file_is_read_in_the_background(
    browser: Client, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "is_quick", lambda *_arguments: False)
    address = upload(browser, "people.xlsx", xlsx(SHEETS))
    page = text_of(browser.get(address))
    assert "The file is large" in page
    assert "hx-get" in page
    assert "<html" not in text_of(browser.get(address, headers={"HX-Request": "true"}))
    assert "The file is large" not in text_of(browser.get(address, headers={"HX-Request": "true"}))
    read(newest(acme))
    assert browser.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "ada@example.org" in text_of(browser.get(address))


def test_a_large_file_that_cannot_be_read_says_why(
    browser: Client, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "is_quick", lambda *_arguments: False)
    address = upload(browser, "people.xlsx", xlsx(SHEETS)[:-80])
    read(newest(acme))
    page = text_of(browser.get(f"/o/acme/imports/{newest(acme).pk}/"))
    assert "This file could not be read." in page
    assert "Import another file" in page
    assert browser.get(address).status_code == 409


def test_how_one_sheet_is_cut_says_nothing_about_another(browser: Client, acme: Organisation) -> None:
    sheets = {
        "People": [["E-mail", "Name"], ["ada@example.org", "Ada"], ["ben@example.org", "Ben"], ["c@example.org", "C"]],
        "Other": [["A title"], [], ["E-mail", "Name"], ["old@example.org", "Olga"], ["older@example.org", "Otto"]],
    }
    address = upload(browser, "people.xlsx", xlsx(sheets))
    source = newest(acme)
    given = {"part": "Other", "update_rule": "fill", "column_0": "email"}
    browser.post(address, {**given, "header": "yes", "skipped_lines": str(source.skipped_lines)})
    assert newest(acme).columns == ["E-mail", "Name"]
    assert "old@example.org" in text_of(browser.get(address))


def test_lines_on_top_and_the_header_are_corrected(browser: Client, acme: Organisation) -> None:
    content = b"email;name\nada@example.org;Ada\nben@example.org;Ben\n"
    address = upload(browser, "people.csv", content)
    given = {"encoding": "utf-8", "delimiter": ";", "quote": '"', "header": "no", "skipped_lines": "1"}
    answer = browser.post(address, {**given, "update_rule": "fill"})
    assert answer.url == address  # type: ignore[attr-defined]
    source = newest(acme)
    assert (source.header, source.skipped_lines) == (False, 1)
    page = text_of(browser.get(address))
    assert "ada@example.org" in page
    assert '<option value="no" selected>' in page
