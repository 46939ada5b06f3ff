"""Purposes, the ledger and a person's consents in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose, status_of

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
