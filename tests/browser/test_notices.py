"""A notice from its first draft to the public page, in a real browser: our pages and Wagtail's editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.notices.conftest import described, written
from tests.consent.notices.files import PDF, picture
from tests.people import new_member

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


def test_a_picture_and_a_document_come_into_a_notice(
    signed_in: SignIn,
    acme: Organisation,
    assert_accessible: Check,
    browser: Browser,
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    described(acme)
    marketer = new_member(acme, Role.MARKETER, name="writer")
    written(acme, marketer)
    (tmp_path / "team.png").write_bytes(picture(size=(900, 500)))
    (tmp_path / "policy.pdf").write_bytes(PDF)
    page = signed_in("marketer")
    page.goto("/o/acme/notices/")
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("link", name="Add a document").first.click()
    page.get_by_label("File").set_input_files(tmp_path / "policy.pdf")
    page.get_by_label("Title").fill("Our policy")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("link", name="Our policy")).to_be_visible()

    page.goto("/o/acme/notices/signup/edit/")
    pictures = page.locator("[data-contentpath=pictures]").nth(1)  # the second language is English
    pictures.locator("[data-streamfield-list-add]").first.click()
    pictures.get_by_role("button", name="Choose an image").click()
    page.get_by_role("tab", name="Upload").click()
    page.locator("#id_image-chooser-upload-file").set_input_files(tmp_path / "team.png")
    page.locator("#id_image-chooser-upload-title").fill("Our team")
    page.locator(".modal-body").get_by_role("button", name="Upload").click()
    expect(pictures.locator("img[data-chooser-image]")).to_have_attribute("src", re.compile("/cms/images/thumbnail/"))
    expect(pictures.get_by_text("Our team")).to_be_visible()
    save(page)
    page.goto("/o/acme/notices/signup/")
    expect(page.get_by_text("Say in words what the picture shows")).to_be_visible()
    assert_accessible(page)

    page.goto("/o/acme/notices/signup/edit/")
    pictures.get_by_label("Alternative text").fill("Three people at a table")
    documents = page.locator("[data-contentpath=documents]").nth(1)
    documents.locator("[data-streamfield-list-add]").first.click()
    documents.get_by_role("button", name="Choose a document").click()
    page.locator(".modal-body").get_by_role("link", name="Our policy").click()
    documents.get_by_label("Title").fill("Our whole privacy policy")
    save(page)
    page.goto("/o/acme/notices/signup/")
    expect(page.get_by_role("img", name="Three people at a table")).to_be_visible()
    page.get_by_role("button", name="Submit to the DPO").click()

    page = signed_in("dpo")
    page.goto("/o/acme/notices/signup/")
    expect(page.get_by_role("img", name="Three people at a table")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_role("heading", name="What people read today")).to_be_visible()
    assert_accessible(page)

    phone = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="en-GB")
    reader = phone.new_page()
    reader.goto("/n/acme/signup")
    shown = reader.get_by_role("img", name="Three people at a table")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 900
    assert reader.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(reader)
    reader.get_by_text("Documents to download").click()
    with reader.expect_download() as download:
        reader.get_by_role("link", name="Our whole privacy policy").click()
    assert download.value.path().read_bytes() == PDF
    assert phone.cookies() == []
    phone.close()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("has been updated")).to_be_visible()
