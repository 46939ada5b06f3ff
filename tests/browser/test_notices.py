"""A notice from its first draft to the public page, in a real browser: our pages and Wagtail's editor."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.organisations.models import Organisation
from tests.consent.notices.conftest import described

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def test_a_marketer_writes_a_notice_and_the_dpo_approves_it(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check, browser: Browser, live_server: LiveServer
) -> None:
    described(acme)
    page = signed_in("marketer")
    page.get_by_role("link", name="Notices").first.click()
    expect(page.get_by_text("No notices yet")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="New notice").first.click()
    page.get_by_label("Name").fill("Sign-up")
    page.get_by_label("Key").fill("signup")
    page.get_by_label("The letter").check()
    assert_accessible(page)
    page.get_by_role("button", name="Write the draft").click()
    expect(page.get_by_role("heading", name="The draft")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Edit the text").click()
    page.locator("textarea[name$='-recipients']").fill("The printer Paper and Co.")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_load_state("networkidle")
    page.goto("/o/acme/notices/signup/")
    page.get_by_text("Who receives the data").click()
    expect(page.get_by_text("Paper and Co")).to_be_visible()
    page.get_by_role("button", name="Submit to the DPO").click()
    expect(page.get_by_text("Waits for the DPO")).to_be_visible()

    page = signed_in("dpo")
    page.get_by_role("link", name="Sign-up").click()
    expect(page.get_by_role("heading", name="What would be published")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_role("heading", name="What people read today")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Version 1").click()
    assert_accessible(page)
    page.goto("/o/acme/notices/signup/compare/")
    assert_accessible(page)

    phone = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="en-GB")
    reader = phone.new_page()
    reader.goto("/n/acme/signup")
    expect(reader.get_by_role("heading", level=1)).to_have_text("What we do with your data")
    reader.get_by_text("Who receives the data").click()
    expect(reader.get_by_text("Paper and Co")).to_be_visible()
    assert reader.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.cookies() == []
    assert_accessible(reader)
    phone.close()
