"""Purposes, the ledger and a person's consents in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django_scopes import scope
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose, status_of
from tests.consent.proofs.checking import check
from tests.people import actor_of
from tests.portal.seals.keeping import seal

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def test_an_owner_creates_a_purpose_and_is_told_what_is_wrong(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check
) -> None:
    page = signed_in("owner")
    page.get_by_role("link", name="Purposes").first.click()
    expect(page.get_by_text("No purposes yet")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="New purpose").first.click()
    page.locator("[name=name]").fill("Newsletter")
    page.get_by_label("Key").fill("News letter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Start with a small letter").first).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Key").fill("newsletter")
    expect(page.get_by_label("On which sale or service")).to_be_hidden()
    page.get_by_role("radio", name="Soft opt-in").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("On which sale or service it was collected.").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("radio", name="Consent").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Newsletter")
    expect(page.get_by_text("Nobody was asked yet.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Recipients").fill("Print House")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_role("insertion")).to_have_text("Print House")
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert_accessible(page)
    page.get_by_role("link", name="Newsletter").click()
    assert_accessible(page)


def test_a_marketer_records_a_choice_and_finds_its_proof(
    signed_in: SignIn, acme: Organisation, ada: Contact, assert_accessible: Check
) -> None:
    newsletter = new_purpose(acme)
    new_purpose(acme, "offers", basis="legitimate_interest", channels=["email"])
    page = signed_in("marketer")
    page.goto(f"/o/acme/contacts/{ada.pk}/")
    page.get_by_role("link", name="Record a choice").click()
    assert_accessible(page)
    page.get_by_label("agreed", exact=True).check()
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("needs its evidence").first).to_be_visible()
    page.get_by_label("Evidence").fill("Signed the card at the fair.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("row", name="Newsletter").first).to_contain_text("Agreed")
    assert_accessible(page)
    page.get_by_role("link", name="Ledger").first.click()
    assert_accessible(page)
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_text("Signed the card at the fair.")).to_be_visible()
    assert_accessible(page)
    assert status_of(ada, newsletter) == "granted"


def test_a_person_is_stopped_in_a_dialog(
    signed_in: SignIn, acme: Organisation, ada: Contact, assert_accessible: Check
) -> None:
    newsletter = new_purpose(acme, channels=["email"])
    choose(ada, newsletter, "grant")
    page = signed_in("marketer")
    page.goto(f"/o/acme/contacts/{ada.pk}/")
    page.get_by_role("link", name="Stop").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("row", name="Newsletter").first).to_contain_text("Withdrawn")
    assert status_of(ada, newsletter) == "withdrawn"


def test_a_dpo_finds_an_event_with_its_seal_and_takes_the_proof(
    signed_in: SignIn, acme: Organisation, ada: Contact, assert_accessible: Check
) -> None:
    newsletter = new_purpose(acme)
    choose(ada, newsletter, "grant", evidence={"text": "I agree.", "ip": "192.0.2.77"})
    choose(ada, newsletter, "withdraw")
    seal()
    page = signed_in("dpo")
    page.get_by_role("link", name="Look at the seals").click()
    expect(page.get_by_role("heading", name="Seals")).to_be_visible()
    assert_accessible(page)
    page.goto("/o/acme/ledger/?sealed=yes&action=grant")
    assert_accessible(page)
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_text("192.0.2.…")).to_be_visible()
    page.get_by_text("The path to its root: 1 step").click()
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Proof (JSON)").click()
    check(json.loads(Path(download.value.path()).read_text()))


def test_where_a_person_stood_is_asked_from_their_page(
    signed_in: SignIn, acme: Organisation, ada: Contact, assert_accessible: Check
) -> None:
    newsletter = new_purpose(acme)
    choose(ada, newsletter, "grant", occurred_at=NOW - timedelta(days=9))
    choose(ada, newsletter, "withdraw")
    page = signed_in("marketer")
    page.goto(f"/o/acme/contacts/{ada.pk}/")
    page.get_by_label("Where they stood on").fill("2026-05-30")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="Newsletter")).to_contain_text("Agreed")
    assert_accessible(page)


def test_a_dpo_narrows_the_ledger_to_an_erased_person_and_destroys_the_evidence(
    signed_in: SignIn, acme: Organisation, ada: Contact, owner: User, assert_accessible: Check
) -> None:
    event = choose(ada, new_purpose(acme), "grant")
    number = str(ada.pk)
    with scope(organisation=acme):
        erase_person(actor=actor_of(owner, acme), organisation=acme, contact_id=ada.pk)
    page = signed_in("dpo")
    page.goto("/o/acme/ledger/")
    expect(page.get_by_role("link", name="Destroy the evidence")).to_have_count(0)
    page.get_by_label("Contact no.").fill(number)
    page.get_by_label("Contact no.").press("Enter")
    expect(page.get_by_role("link", name="Destroy the evidence")).to_be_visible()
    assert_accessible(page)
    page.goto(f"/o/acme/ledger/{event}/")
    assert_accessible(page)
    page.get_by_role("link", name="Destroy the evidence").click()
    assert_accessible(page)
    page.get_by_label("Reason").fill("The limitation period is over")
    page.get_by_label("to confirm").fill(number)
    page.get_by_role("button", name="Destroy for ever").click()
    expect(page.get_by_text("1 document is destroyed.")).to_be_visible()
    expect(page.get_by_text("no evidence of them is held any more")).to_be_visible()
