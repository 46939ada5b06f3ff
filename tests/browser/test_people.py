"""Contacts, fields, suppressions and copies in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from tests.people import LONG_AGO

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


@pytest.fixture
def points(acme: Organisation) -> Field:
    with scopes_disabled():
        return Field.objects.create(
            organisation=acme, key="points", label="Points", type="number", justification="Rewards", created_at=LONG_AGO
        )


@pytest.mark.parametrize(
    "path",
    ["contacts/", "contacts/new/", "fields/", "fields/new/", "fields/points/", "suppressions/", "suppressions/new/"],
)
def test_pages_of_people_are_accessible(
    path: str, signed_in: SignIn, assert_accessible: Check, ada: Contact, ben: Contact, points: Field
) -> None:
    page = signed_in("owner")
    page.goto(f"/o/acme/{path}")
    assert_accessible(page)


def test_one_person_is_accessible_wide_and_narrow(signed_in: SignIn, assert_accessible: Check, ada: Contact) -> None:
    page = signed_in("owner")
    for path in (f"/o/acme/contacts/{ada.pk}/", f"/o/acme/contacts/{ada.pk}/copy/"):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path)
        assert_accessible(page)
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_person_is_entered_found_and_suppressed(signed_in: SignIn, acme: Organisation) -> None:
    page = signed_in("marketer")
    page.goto("/o/acme/contacts/new/")
    page.get_by_label("E-mail").fill("nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".form-summary")).to_contain_text("This is not an e-mail address.")
    page.get_by_label("E-mail").fill("Zoe@Example.org")
    page.get_by_label("Last name").fill("Zola")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("Zola")
    page.goto("/o/acme/contacts/")
    page.get_by_role("searchbox").fill("zol")
    expect(page.get_by_role("link", name="Zola")).to_be_visible()
    page.goto("/o/acme/suppressions/new/")
    page.get_by_label("Addresses").fill("zoe@example.org")
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_role("cell", name="Objection")).to_be_visible()
