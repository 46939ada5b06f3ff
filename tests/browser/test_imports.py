"""Imports in a real browser: every step can be read by everybody, and the job is done with script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django_scopes import scope
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from consent.purposes.actions import PurposeValues, create_purpose
from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import ending, running
from subscribers.imports.models import Import
from subscribers.imports.pages import lot_page
from subscribers.imports.undo.running import execute_undo
from tests.consent.choices import new_purpose
from tests.consent.points import shop_point

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]
PEOPLE = "courriel;prénom;pointure\nada@x.example;Ada;38\nben@x.example;Ben;44\nbad;Cleo;\n"


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens to the queues here: the tests do the jobs themselves."""
    monkeypatch.setattr("portal.jobs.actions.enqueue", lambda **_arguments: None)


@pytest.fixture
def plain(browser: Browser, live_server: LiveServer, owner: User) -> Iterator[Page]:
    """The page of an owner on a phone, without script."""
    client = Client()
    client.force_login(owner)
    name = settings.SESSION_COOKIE_NAME
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 800}, java_script_enabled=False, locale="en-GB"
    )
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    yield context.new_page()
    context.close()


def newest(organisation: Organisation) -> Import:
    with scope(organisation=organisation):
        return Import.objects.select_related("undo_job").latest("pk")


def run_newest(organisation: Organisation) -> None:
    job_id = newest(organisation).job_id
    assert job_id is not None
    run_job(job_id, running.execute_import, on_failure=ending.fail_import)


def no_wider_than_the_phone(page: Page) -> bool:
    """Measured without script: the page's own box, as the browser laid it out."""
    box = page.locator("main").bounding_box()
    return box is not None and box["width"] <= 390


def test_a_bought_list_goes_all_its_way(
    signed_in: SignIn, assert_accessible: Check, acme: Organisation, tmp_path: Path
) -> None:
    with scope(organisation=acme):
        values = PurposeValues(name="Monthly letter", basis="consent", channels=["email"])
        create_purpose(actor=Actor.system(acme), key="newsletter", values=values)
    file, form, partners = tmp_path / "people.csv", tmp_path / "form.pdf", tmp_path / "partners.html"
    file.write_text(PEOPLE)
    form.write_bytes(b"%PDF-1.7 a form")
    partners.write_text("<p>Acme, Zebre</p>")

    page = signed_in("owner")
    page.goto("/o/acme/imports/")
    assert_accessible(page)
    page.goto("/o/acme/imports/new/")
    page.get_by_text("Which files can be read?").click()
    assert_accessible(page)
    page.set_input_files("#id_file", str(file))
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_label("prénom")).to_have_value("first_name")
    assert_accessible(page)
    page.get_by_label("pointure").select_option("new")
    page.get_by_label("prénom").select_option("last_name")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Key")).to_have_value("pointure")
    page.get_by_label("Justification").fill("Shoes that fit.")
    assert_accessible(page)
    page.get_by_label("Label").press("Enter")  # presses the button of the part, not the first of the form
    expect(page.get_by_label("pointure")).to_have_value("attributes.pointure")
    expect(page.get_by_label("prénom")).to_have_value("last_name")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("The form as people saw it")).to_be_hidden()
    page.get_by_label("Where do these people come from?").select_option("bought")
    page.get_by_label("Name of the source").fill("Shoe lovers")
    page.get_by_label("Collected on").fill("2026-03-05")
    page.get_by_label("Legal basis").select_option("consent")
    page.get_by_label("Monthly letter").check()
    page.locator("#id_evidence_note").fill("The seller's form.")
    page.get_by_role("button", name="Start the dry run").click()
    expect(page.get_by_role("link", name="The form as people saw it")).to_be_visible()
    assert_accessible(page)
    page.set_input_files("#id_form_snapshot", str(form))
    page.set_input_files("#id_partner_list", str(partners))
    page.get_by_role("button", name="Start the dry run").click()

    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible()
    assert_accessible(page)
    run_newest(acme)
    expect(page.get_by_text("This was a dry run")).to_be_visible(timeout=10_000)
    assert_accessible(page)
    page.get_by_role("link", name="Import…").click()
    sure = page.locator("dialog[open]").get_by_role("button", name="Import")
    expect(sure).to_be_disabled()
    assert_accessible(page)
    page.locator("dialog[open]").get_by_label("to confirm").fill("3")
    sure.click()
    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible()
    run_newest(acme)
    expect(page.get_by_text("3 rows read").first).to_be_visible(timeout=10_000)
    assert_accessible(page)

    page.get_by_role("link", name="Go to the sample").click()
    page.get_by_role("radio", name="Proven", exact=True).first.check()
    page.get_by_label("Note on line 2").fill("Form of March")
    page.get_by_role("button", name="Save the verdicts").click()
    expect(page.get_by_text("Rows still to be checked: 1.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("radio", name="Proven", exact=True).nth(1).check()
    page.get_by_role("button", name="Save the verdicts").click()
    expect(page.get_by_text("these people may be written to")).to_be_visible()

    page.get_by_role("link", name="Recall the lot…").click()
    assert_accessible(page)
    page.get_by_label("Why is this lot recalled?").fill("The seller has no proof.")
    page.get_by_role("button", name="Freeze the lot").click()
    expect(page.get_by_role("link", name="Delete the lot…")).to_be_visible()
    assert_accessible(page)
    page.goto("/o/acme/imports/mappings/")
    expect(page.get_by_text("Shoe lovers")).to_be_visible()
    assert_accessible(page)


def test_a_pasted_list_is_imported_and_undone_without_script_on_a_phone(plain: Page, acme: Organisation) -> None:
    page = plain
    page.goto("/o/acme/imports/new/")
    assert no_wider_than_the_phone(page)
    page.get_by_label("Or paste rows here").fill(PEOPLE.replace(";", "\t"))
    page.get_by_role("button", name="Read the file").click()
    assert no_wider_than_the_phone(page)
    page.get_by_label("prénom").select_option("last_name")
    page.get_by_role("button", name="New field for pointure").click()
    page.get_by_label("Justification").fill("Shoes that fit.")
    page.get_by_role("button", name="Declare the field").click()
    expect(page.get_by_label("prénom")).to_have_value("last_name")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Where do these people come from?").select_option("own_form")
    page.get_by_label("Name of the source").fill("Newsletter form")
    page.get_by_label("Legal basis").select_option("consent")
    assert no_wider_than_the_phone(page)
    page.get_by_role("button", name="Start the dry run").click()
    run_newest(acme)
    page.reload()
    expect(page.get_by_text("This was a dry run")).to_be_visible()
    assert no_wider_than_the_phone(page)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    run_newest(acme)
    page.reload()
    assert no_wider_than_the_phone(page)
    with scope(organisation=acme):
        assert Contact.objects.count() == 2

    page.get_by_role("link", name="Undo…").click()
    assert no_wider_than_the_phone(page)
    page.get_by_label("to confirm").fill("3")
    page.get_by_role("button", name="Undo the import").click()
    job = newest(acme).undo_job
    assert job is not None
    run_job(job.pk, execute_undo)
    page.reload()
    expect(page.get_by_text("This import was undone.")).to_be_visible()
    assert no_wider_than_the_phone(page)
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_a_file_of_a_collection_point_says_which_notices_apply(
    signed_in: SignIn, assert_accessible: Check, acme: Organisation, tmp_path: Path
) -> None:
    """From the page of the point through the wizard and back (N-01)."""
    shop_point(acme, new_purpose(acme))
    file = tmp_path / "people.csv"
    file.write_text("email,language,consent date\nada@x.example,fr,2026-02-01\nold@x.example,en,2026-01-01\n")
    page = signed_in("owner")
    page.goto("/o/acme/collection-points/shop/")
    assert_accessible(page)
    page.goto("/o/acme/collection-points/shop/edit/")
    expect(page.get_by_label("Title (English)")).to_be_hidden()
    assert_accessible(page)
    page.get_by_label("Web form").check()
    expect(page.get_by_label("Title (English)")).to_be_visible()

    page.goto("/o/acme/collection-points/shop/")
    page.get_by_role("link", name="Import a file", exact=True).click()
    page.set_input_files("#id_file", str(file))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Continue").click()
    shown = page.locator("#shown-at-point")
    expect(page.get_by_label("Collection point")).to_have_value("shop")
    expect(shown.get_by_text("shop/1/en")).to_be_visible()
    page.get_by_label("Language of the notice").select_option("fr")
    expect(shown.get_by_text("shop/1/en")).to_have_count(0)
    expect(shown.get_by_text("shop/1/fr")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Collection point").select_option("")
    expect(page.get_by_label("Language of the notice")).to_be_hidden()
    page.get_by_label("Collection point").select_option("shop")
    page.get_by_label("Where do these people come from?").select_option("own_form")
    page.get_by_label("Name of the source").fill("Shop")
    page.get_by_label("Legal basis").select_option("consent")
    page.get_by_label("Newsletter · e-mail").check()
    page.locator("#id_evidence_note").fill("The log of the shop.")
    page.get_by_role("button", name="Start the dry run").click()
    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible()
    run_newest(acme)
    expect(page.get_by_text("before_notice")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name="Shop", exact=True)).to_be_visible()
    assert_accessible(page)


def test_what_an_undo_would_do_can_be_read_by_everybody(
    signed_in: SignIn, assert_accessible: Check, acme: Organisation
) -> None:
    from tests.subscribers.imports.files import imported

    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    page = signed_in("owner")
    page.goto(f"/o/acme/imports/{source.pk}/undo/")
    assert_accessible(page)
    page.get_by_label("to confirm").fill("4")
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Nothing was done.")).to_be_visible()
    assert_accessible(page)


def test_a_large_lot_is_counted_while_its_page_is_read(
    signed_in: SignIn, assert_accessible: Check, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.subscribers.imports.files import imported

    monkeypatch.setattr(lot_page, "COUNTED_AT_ONCE", 1)
    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    page = signed_in("owner")
    page.goto(f"/o/acme/imports/{source.pk}/undo/")
    expect(page.get_by_text("People removed")).to_be_visible()
    page.goto(f"/o/acme/imports/{source.pk}/recall/")
    expect(page.get_by_text("People it brought")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Why is this lot recalled?").fill("The seller has no proof.")
    page.get_by_role("button", name="Freeze the lot").click()
    expect(page.get_by_role("listitem").filter(has_text="2 people are erased.").first).to_be_visible()
    page.get_by_role("button", name="Delete the lot…").or_(page.get_by_role("link", name="Delete the lot…")).click()
    expect(page.get_by_role("dialog").get_by_text("2 people are erased.")).to_be_visible()
    assert_accessible(page)


def test_a_large_file_shows_how_far_it_is_and_a_lost_connection_is_told(
    signed_in: SignIn, acme: Organisation, tmp_path: Path, complaints: list[str]
) -> None:
    file = tmp_path / "large.csv"
    file.write_text("email;note\n" + "ada@x.example;" + "x" * 900 + "\n" + f"ben@x.example;{'y' * 900}\n" * 3000)
    page = signed_in("owner")
    page.goto("/o/acme/imports/new/")
    page.route("**/imports/new/", lambda route: route.abort())
    page.set_input_files("#id_file", str(file))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("The connection was lost")).to_be_visible()
    complaints.clear()  # the browser notes the broken connection
    page.unroute("**/imports/new/")
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("This is how the file is read")).to_be_visible()
    assert newest(acme).file_size == file.stat().st_size

    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"\n" * 2_500_000)
    page.goto("/o/acme/imports/new/")
    page.set_input_files("#id_file", str(empty))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("This file is empty")).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
