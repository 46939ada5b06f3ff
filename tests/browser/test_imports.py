"""An import in a real browser: every step can be read by everybody, and the job is done without a mouse's help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.models import Import

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]
PEOPLE = "courriel;prénom;pointure\nada@x.example;Ada;38\nben@x.example;Ben;44\nbad;Cleo;\n"


def run_newest(organisation: Organisation) -> None:
    with scope(organisation=organisation):
        job_id = Import.objects.latest("pk").job_id
    assert job_id is not None
    run_job(job_id, running.execute_import, on_failure=running.fail_import)


def test_a_file_is_imported_step_by_step(
    signed_in: SignIn,
    assert_accessible: Check,
    acme: Organisation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.jobs.actions.enqueue", lambda **_arguments: None)  # no worker listens here
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    page = signed_in("owner")
    page.goto("/o/acme/imports/")
    assert_accessible(page)
    page.goto("/o/acme/imports/new/")
    assert_accessible(page)
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_label("prénom")).to_have_value("first_name")
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()

    assert_accessible(page)
    page.get_by_label("Where do these people come from?").select_option("own_form")
    page.get_by_label("Name of the source").fill("Newsletter form")
    page.get_by_label("Legal basis").select_option("consent")
    page.get_by_role("button", name="Start the dry run").click()

    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible()
    assert_accessible(page)
    run_newest(acme)
    expect(page.get_by_text("This was a dry run")).to_be_visible(timeout=10_000)
    assert_accessible(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible()
    run_newest(acme)
    expect(page.get_by_text("3 rows read").first).to_be_visible(timeout=10_000)
    with scope(organisation=acme):
        assert Contact.objects.count() == 2
