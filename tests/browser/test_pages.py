"""Pages that no walk through the product meets: each opened once, read by axe-core in light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from consent.links import LinkTarget, make_token
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.stage import new_audience, new_segment, submitted
from tests.people import PASSWORD, new_member

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]
PHONE = {"width": 390, "height": 800}


def fits(page: Page) -> bool:
    """Nothing of the page lies beyond its right edge: tables scroll in their own box."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.fixture
def newsletter(acme: Organisation, ada: Contact, ben: Contact) -> Purpose:
    """Ada agreed, Ben did not."""
    purpose = new_purpose(acme, channels=["email"])
    choose(ada, purpose, "grant")
    choose(ben, purpose, "refuse")
    return purpose


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("owner", ""),
        ("owner", "members/"),
        ("owner", "members/invite/"),
        ("owner", "settings/"),
        ("owner", "tokens/"),
        ("integrator", "tokens/new/"),
        ("dpo", "audit/"),
        ("viewer", "jobs/"),
        ("viewer", "imports/"),
        ("viewer", "audiences/"),
        ("marketer", "audiences/new/"),
        ("marketer", "contacts/"),
    ],
)
def test_pages_of_the_organisation_wide_and_on_a_phone(
    role: str, path: str, newsletter: Purpose, signed_in: SignIn, assert_accessible: Check
) -> None:
    page = signed_in(role)
    page.goto(f"/o/acme/{path}")
    assert_accessible(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert fits(page)


def test_an_approver_reads_the_funnel_and_decides_by_keyboard(
    acme: Organisation, newsletter: Purpose, signed_in: SignIn, assert_accessible: Check
) -> None:
    marketer = new_member(acme, Role.MARKETER, name="writer")
    audience = submitted(marketer, new_audience(marketer, acme, new_segment(acme), newsletter))
    page = signed_in("approver")
    page.goto(f"/o/acme/audiences/{audience.pk}/")
    expect(page.get_by_role("row", name="Refused")).to_contain_text("1")
    expect(page.get_by_role("row", name="May be written to")).to_contain_text("1")
    assert_accessible(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert fits(page)
    page.get_by_label("Comment, or the reason for a no").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved").first).to_be_visible()


def test_one_person_with_consents_fits_a_phone(
    ada: Contact, newsletter: Purpose, signed_in: SignIn, assert_accessible: Check
) -> None:
    page = signed_in("marketer")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"/o/acme/contacts/{ada.pk}/")
    expect(page.get_by_role("row", name="Newsletter").first).to_contain_text("Allowed")
    assert_accessible(page)
    assert fits(page)


def test_pages_of_the_host(page: Page, acme: Organisation, assert_accessible: Check) -> None:
    User.objects.create_user("host@accord.example", PASSWORD, name="Host", is_host_operator=True)
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "host@accord.example")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")
    for path in ("/host/", "/host/organisations/new/", "/host/jobs/", "/host/mail/"):
        page.goto(path)
        assert_accessible(page)


def test_the_pages_behind_the_links_of_a_message(
    page: Page, acme: Organisation, ben: Contact, newsletter: Purpose, assert_accessible: Check
) -> None:
    choose(ben, newsletter, "grant")
    target = LinkTarget(organisation_id=acme.pk, contact_id=ben.pk, purpose_id=newsletter.pk, channel="email")
    token = make_token(target)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for door in "wpu":
        page.goto(f"/{door}/{token}")
        assert_accessible(page)
        assert fits(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_be_visible()
    assert_accessible(page)
    page.goto(f"/u/{token[:-4]}AAAA")
    assert_accessible(page)


def test_an_empty_organisation_is_led_to_its_first_audience(
    acme: Organisation, signed_in: SignIn, assert_accessible: Check
) -> None:
    page = signed_in("owner")
    assert_accessible(page)
    page.get_by_role("main").get_by_role("link", name="New purpose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New purpose")
    with scope(organisation=acme):
        new_purpose(acme)
    page.goto("/o/acme/")
    expect(page.get_by_role("main").get_by_role("link", name="New purpose")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("link", name="Import a file")).to_be_visible()
