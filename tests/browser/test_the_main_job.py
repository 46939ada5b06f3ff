"""The whole job in a real browser: two members of acme, and one reader of its letter on a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django_scopes import scope
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from consent.links import LinkTarget, make_token
from consent.purposes.actions import PurposeValues, create_purpose
from portal.api.actions import issue_engine_token
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.journeys.test_the_main_job import PEOPLE, work_off_the_jobs

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


@pytest.fixture
def letter(acme: Organisation) -> int:
    """A purpose to write for; its id."""
    with scope(organisation=acme):
        values = PurposeValues(name="Monthly letter", basis="consent", channels=["email"])
        return create_purpose(actor=Actor.system(acme), key="newsletter", values=values).pk


def run_waiting_imports(page: Page) -> None:
    """Stand in for the worker, then let the page find out by itself."""
    expect(page.get_by_text("It waits for its turn")).to_be_visible()
    work_off_the_jobs()


def claimed(audience: str) -> Client:
    """The engine, once it has claimed this audience."""
    secret = issue_engine_token(actor=Actor.system(), mode="live", name="engine").secret
    engine = Client(headers={"Authorization": f"Bearer {secret}"})
    assert engine.post(f"/api/engine/v1/audiences/{audience}/claim").status_code == 200
    return engine


def recipients(engine: Client, audience: str) -> list[str]:
    """The addresses the engine gets."""
    answer = engine.get(f"/api/engine/v1/audiences/{audience}/recipients")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert lines[-1]["end"] is True
    return sorted(line["address"] for line in lines[:-1])


def test_a_file_is_imported_approved_by_a_second_person_and_one_reader_leaves(
    signed_in: SignIn,
    acme: Organisation,
    letter: int,
    tmp_path: Path,
    browser: Browser,
    live_server: LiveServer,
    assert_accessible: Check,
) -> None:
    file = tmp_path / "lecteurs.csv"
    file.write_bytes(PEOPLE.encode("cp1252"))

    page = signed_in("marketer")
    page.get_by_role("link", name="Imports").click()
    page.get_by_role("link", name="Import a file").first.click()
    assert_accessible(page)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Ada.Martin@courriel.example").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()

    page.get_by_label("Where do these people come from?").select_option("own_form")
    page.get_by_label("Name of the source").fill("Form of the site")
    page.get_by_label("Collected by").fill("Acme")
    page.get_by_label("Collected on").fill("2026-03-05")
    page.get_by_label("Legal basis").select_option("consent")
    page.get_by_label("Monthly letter").check()
    page.get_by_label("Proof").fill("Box left empty by default, text of 2026-01-10.")
    assert_accessible(page)
    page.get_by_role("button", name="Start the dry run").click()
    run_waiting_imports(page)
    expect(page.get_by_text("This was a dry run: nothing is imported yet.")).to_be_visible()
    expect(page.get_by_text("5 rows read")).to_be_visible()
    expect(page.get_by_text("invalid_email").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Import", exact=True).click()
    run_waiting_imports(page)
    expect(page.get_by_text("Done").first).to_be_visible()

    page.get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="New segment").first.click()
    expect(page.locator("#id_name")).to_be_visible()
    page.wait_for_load_state("load")  # a choice made before htmx has started would change nothing
    page.locator("#id_name").fill("Everybody who reads")
    page.locator("#c-0-field").select_option("consent.newsletter.email")
    page.get_by_label("Value", exact=True).select_option("granted")
    expect(page.locator("#segment-preview")).to_contain_text("3 people")
    page.get_by_role("button", name="Save the segment").click()

    page.get_by_role("link", name="Audiences").click()
    page.get_by_role("link", name="New audience").first.click()
    page.get_by_label("Name", exact=False).first.fill("November")
    page.get_by_label("Segment").select_option(label="Everybody who reads")
    page.get_by_label("Purpose").select_option("newsletter")
    page.get_by_label("Channel").select_option("email")
    assert_accessible(page)
    page.locator("form button.btn-primary").first.click()
    page.get_by_role("button", name="Submit").first.click()
    expect(page.get_by_text("Waiting for approval").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    address = page.url

    page = signed_in("approver")
    page.goto(address)
    expect(page.get_by_role("rowheader", name="May be written to")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Approved").first).to_be_visible()

    audience = address.rstrip("/").rpartition("/")[2]
    engine = claimed(audience)
    assert len(recipients(engine, audience)) == 3

    phone = browser.new_page(
        base_url=live_server.url, viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    phone.goto(f"/u/{token_of('ada.martin@courriel.example', acme, letter)}")
    expect(phone.get_by_text("a•••")).to_be_visible()
    expect(phone.locator("body")).not_to_contain_text("Ada.Martin@courriel.example")
    phone.get_by_role("button").first.click()
    expect(phone.locator("h1")).to_be_visible()
    assert phone.context.cookies() == []
    phone.close()
    assert recipients(engine, audience) == ["ben@poste.example", "dora@lettre.example"]


def token_of(email: str, acme: Organisation, purpose: int) -> str:
    from subscribers.contacts.models import Contact

    with scope(organisation=acme):
        contact = Contact.objects.get(email_key=email)
    return make_token(LinkTarget(organisation_id=acme.pk, contact_id=contact.pk, purpose_id=purpose, channel="email"))
