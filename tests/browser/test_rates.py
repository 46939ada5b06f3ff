"""The page of consent rates in a real browser: asked without script too, read by everybody, on any screen."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.rates.counted import count

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def test_a_viewer_narrows_the_rate_and_reads_the_table_behind_a_chart(
    signed_in: SignIn, acme: Organisation, ada: Contact, ben: Contact, assert_accessible: Check
) -> None:
    letter, offers = new_purpose(acme), new_purpose(acme, "offers")
    now = timezone.now()
    choose(ada, letter, "grant", now=now)
    choose(ben, letter, "refuse", now=now)
    choose(ben, offers, "grant", now=now)
    count()
    page = signed_in("viewer")
    page.get_by_role("link", name="Consent rate").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consent rate")
    expect(page.locator(".stat-value").first).to_have_text("66.7\u202f%")
    assert_accessible(page)
    page.get_by_label("Purpose", exact=True).select_option("Newsletter")
    page.get_by_role("link", name="30 days").click()
    page.get_by_label("Purpose", exact=True).select_option("Newsletter")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".stat-value").first).to_have_text("50\u202f%")
    page.get_by_text("Show as a table").first.click()
    expect(page.locator(".chart-table[open] td").last).to_have_text("50\u202f%")
    assert_accessible(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert_accessible(page)
