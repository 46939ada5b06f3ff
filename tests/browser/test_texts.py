"""What forms showed, side by side; a verification that finds a changed text, as a DPO sees it."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scope
from playwright.sync_api import Page, expect

from consent.collection.actions import publish_point, update_point
from portal.jobs.models import Job
from portal.jobs.running import run_next
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import TEXTS, new_point
from tests.portal.seals.keeping import superuser

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


def test_a_marketer_sees_what_changed_between_two_versions_of_a_form(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check
) -> None:
    point, system = new_point(acme, new_purpose(acme)), Actor.system(acme)
    with scope(organisation=acme):
        texts = {**TEXTS, "en": {**TEXTS["en"], "intro": "Twice a month, what is new."}}
        publish_point(actor=system, point=update_point(actor=system, point=point, changes={"texts": texts}))
    page = signed_in("marketer")
    page.goto("/o/acme/collection-points/newsletter/")
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator("del")).to_have_text("Once")
    expect(page.locator("ins")).to_have_text("Twice")
    assert_accessible(page)
    page.get_by_role("combobox", name="Language").select_option("fr")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Une fois par mois, les nouveautés.").first).to_be_visible()


def test_a_dpo_has_everything_verified_and_reads_which_text_was_changed(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check
) -> None:
    new_purpose(acme)
    with superuser() as cursor:
        cursor.execute("UPDATE consent_purposeversion SET reason = 'Another'")
    page = signed_in("dpo")
    page.goto("/o/acme/ledger/seals/")
    page.get_by_role("button", name="Verify now").click()
    page.goto("/o/acme/ledger/seals/")
    expect(page.get_by_role("heading", name="A verification is running")).to_be_visible()
    assert_accessible(page)
    with scope(organisation=acme):
        run_next(Job.objects.get().queue)
    # The page asks how far it is, and is read anew once it has ended.
    expect(page.get_by_text("This text is not the one that was published.")).to_be_visible()
    expect(page.get_by_text("purpose newsletter/1")).to_be_visible()
    assert_accessible(page)
