"""Sign-in, the frame and the components in a real browser, by keyboard, narrow and wide, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from tests.people import PASSWORD

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def test_a_member_signs_in_by_keyboard_alone(page: Page, marketer: User, assert_accessible: Check) -> None:
    page.goto("/")
    assert_accessible(page)
    page.locator("input[name=login]").focus()
    page.keyboard.type(marketer.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/acme/")
    expect(page.locator("h1")).to_have_text("Dashboard")


def test_a_wrong_password_is_explained_on_top(page: Page, marketer: User, assert_accessible: Check) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", marketer.email)
    page.fill("input[name=password]", "not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".form-summary")).to_be_focused()
    assert_accessible(page)


@pytest.mark.parametrize(
    "path", ["/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/signup/", "/no-such-page"]
)
def test_pages_before_sign_in_are_accessible(page: Page, path: str, assert_accessible: Check) -> None:
    page.goto(path)
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/o/acme/", "/accounts/profile/", "/accounts/password/change/", "/o/nowhere/"])
def test_pages_of_a_member_are_accessible(path: str, signed_in: SignIn, assert_accessible: Check) -> None:
    page = signed_in("owner")
    page.goto(path)
    assert_accessible(page)


def test_every_component_is_accessible_wide_and_narrow(signed_in: SignIn, assert_accessible: Check) -> None:
    page = signed_in("viewer")
    page.goto("/ui/gallery?toast=1")
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/ui/gallery?empty=1&q=nobody")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_dialog_asks_for_the_word_before_it_lets_go(signed_in: SignIn, assert_accessible: Check) -> None:
    page = signed_in("viewer")
    page.goto("/ui/gallery")
    page.get_by_role("link", name="Erase").click()
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name="Erase for ever")
    expect(confirm).to_be_disabled()
    assert_accessible(page)
    dialog.get_by_role("textbox").fill("c-1042")
    expect(confirm).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_theme_is_kept_and_set_before_the_first_paint(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_language_is_switched_for_the_whole_session(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.get_by_role("button", name="Language").click()
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/accounts/profile/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_the_first_tab_leads_past_the_menu(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_menu_opens_on_a_narrow_screen(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.get_by_role("navigation", name="Main menu")).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


def test_a_list_changes_in_place_and_the_address_follows(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.goto("/ui/gallery")
    page.get_by_role("link", name="Events").click()
    page.wait_for_url("**sort=count*")
    page.get_by_role("combobox", name="State").select_option("granted")
    page.wait_for_url("**state=granted*")
    assert "sort=count" in page.url
    page.get_by_role("searchbox", name="Search").press_sequentially("ada")
    page.wait_for_url("**q=ada*")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()


def test_chosen_rows_bring_the_bulk_action(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    page.goto("/ui/gallery")
    action = page.get_by_role("button", name="Add a tag")
    expect(action).to_be_hidden()
    page.get_by_role("checkbox", name="Select all rows of this page").check()
    expect(action).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select Nikhil Rao")).to_be_checked()
