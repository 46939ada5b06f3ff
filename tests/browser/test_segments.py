"""The segment builder in a real browser: by keyboard, with the count following."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scope
from playwright.sync_api import Page, expect

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.people import new_contact

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def choose(page: Page, place: str, value: str) -> None:
    """Choose in a list that htmx has just put there: for some milliseconds it does not listen to it yet."""
    expect(page.locator(".htmx-added, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.locator(place).select_option(value)


def test_a_marketer_builds_a_segment_and_sees_who_is_found(
    signed_in: SignIn, acme: Organisation, ada: Contact, ben: Contact, assert_accessible: Check
) -> None:
    for number in range(12):
        new_contact(acme, f"person{number}@example.org", first_name=f"Person {number}", country="FR", tags=["new"])
    page = signed_in("marketer")
    page.goto("/o/acme/segments/")
    assert_accessible(page)
    page.get_by_role("link", name="New segment").first.click()
    preview = page.locator("#segment-preview")
    expect(preview).to_contain_text("1 condition has no value yet")
    page.locator("#id_name").fill("French newcomers")

    page.get_by_label("Value", exact=True).select_option("FR")
    expect(preview).to_contain_text("People in France")
    expect(preview).to_contain_text("13 people")

    page.get_by_role("button", name="Condition", exact=True).first.click()
    expect(page.locator("#c-1-field")).to_be_focused()
    choose(page, "#c-1-field", "tags")
    values = page.get_by_label("Values, separated by commas")
    values.fill("new, vip")
    expect(preview).to_contain_text("“new” or “vip”")
    page.locator("#c-1-op").focus()
    choose(page, "#c-1-op", "has_all")
    expect(preview).to_contain_text("Nobody matches")
    expect(page.locator("#c-1-op")).to_be_focused()
    expect(values).to_have_value("new, vip")

    page.locator("#c-1-op").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#c-0-field")).to_have_value("tags")
    expect(page.get_by_role("button", name="Move the condition on “Tags” up")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#c-1-field")).to_have_value("tags")

    page.get_by_role("button", name="Take out the condition on “Tags”").click()
    expect(preview).to_contain_text("13 people")
    page.get_by_role("button", name="Group", exact=True).first.click()
    expect(page.locator("[id='c-1.0-field']")).to_be_visible()
    choose(page, "[id='c-1.0-field']", "created_at")
    page.get_by_label("Number of days").fill("3000")
    expect(preview).to_contain_text("People in France added in the last 3,000 days")
    assert_accessible(page)

    page.get_by_role("button", name="Save the segment").click()
    expect(page.locator("h1")).to_have_text("French newcomers")
    expect(page.locator("#segment-preview")).to_contain_text("13 people")
    assert_accessible(page)
    with scope(organisation=acme):
        assert Segment.objects.get().rule["all"][0] == {"field": "country", "op": "eq", "value": "FR"}


def test_what_is_missing_is_marked_where_it_is(signed_in: SignIn, assert_accessible: Check) -> None:
    page = signed_in("marketer")
    page.goto("/o/acme/segments/new/")
    page.locator("#id_name").fill("Unfinished")
    page.get_by_role("button", name="Save the segment").click()
    expect(page.locator("#c-0-error")).to_be_visible()
    assert_accessible(page)
