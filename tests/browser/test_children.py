"""A child's paper with the mother's signature, typed in at the desk; and its scan, opened once the child is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from consent.children.rules import Age, Parent
from consent.collection.models import CollectionPoint
from consent.collection.reporting import Report, report_sign_up
from consent.ledger.models import ConsentEvent
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import PUBLISHED, new_point
from tests.consent.collection.test_reporting import PDF

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]
DESK = "/o/acme/collection-points/desk/record/"
SCAN = {"name": "bulletin.pdf", "mimeType": "application/pdf", "buffer": PDF}


def new_desk(acme: Organisation) -> None:
    new_point(acme, new_purpose(acme), key="desk", kind="paper", at=PUBLISHED, double_opt_in=False, age_question=True)


def answer(page: Page, at: str) -> None:
    page.get_by_label("E-mail", exact=True).fill("nina@mail.example")
    page.get_by_label("I want to receive").check()
    page.get_by_label("When the person answered").fill(at)
    page.get_by_label("Scan", exact=True).set_input_files([SCAN])  # type: ignore[list-item]


def test_a_member_is_asked_for_the_parent_of_a_child_and_of_nobody_else(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check
) -> None:
    new_desk(acme)
    page = signed_in("marketer")
    page.goto(DESK)
    parents_name = page.get_by_label("Name of the parent or guardian")
    expect(parents_name).to_be_hidden()
    page.get_by_label("Under 15").check()
    expect(parents_name).to_be_visible()
    page.get_by_label("15 or older").check()
    expect(parents_name).to_be_hidden()
    assert_accessible(page)
    at = timezone.localtime(timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    page.get_by_label("Under 15").check()
    answer(page, at)
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("link", name="How their authority was checked")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    answer(page, at)
    page.get_by_label("How their authority was checked").select_option("same_sheet")
    page.get_by_label("What was done, in a few words").fill("She signed beside her daughter.")
    page.get_by_label("When the parent agreed").fill(at)
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("Recorded in the ledger.")).to_be_visible()
    with scope(organisation=acme):
        assert list(ConsentEvent.objects.order_by("pk").values_list("actor", flat=True))[1:] == ["parent"]


def test_the_dpo_opens_the_scan_of_an_erased_child_for_a_reason(
    signed_in: SignIn, acme: Organisation, assert_accessible: Check
) -> None:
    new_desk(acme)
    page = signed_in("dpo")
    with scope(organisation=acme):
        recorded_and_erased(acme)
        event = ConsentEvent.objects.latest("pk")
    page.goto(f"/o/acme/ledger/{event.pk}/")
    page.get_by_role("link", name="Open it for a reason").click()
    page.wait_for_load_state("load")
    assert_accessible(page)
    page.get_by_label("Reason").fill("Question of the authority, 2026-114")
    page.get_by_role("button", name="Open it").click()
    button = page.get_by_role("button", name="Download the scan or recording")
    expect(button).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as download:
        button.click()
    assert Path(download.value.path()).read_bytes() == PDF


def recorded_and_erased(acme: Organisation) -> None:
    report = Report(
        contact={"email": "nina@mail.example"},
        choices=[{"purpose": "newsletter", "channel": "email", "action": "grant"}],
        scan=SimpleUploadedFile("bulletin.pdf", PDF),
        evidence={"note": "At the desk."},
        age=Age(under_limit=True),
        parent=Parent(check="same_sheet", how="She signed beside her daughter.", agreed_at=timezone.now()),
    )
    actor = Actor.system(acme)
    outcome = report_sign_up(actor=actor, point=CollectionPoint.objects.get(), report=report)
    assert outcome.contact_id is not None
    erase_person(actor=actor, organisation=acme, contact_id=outcome.contact_id)
