"""Signing up on a telephone, on our own page and on another site; and the pages where forms are made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django_scopes import scope
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from consent.collection.models import CollectionPoint, SignUp
from consent.purposes.models import Purpose
from portal.api import rates
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import new_purpose, status_of
from tests.consent.collection.forms import delivered, link_in, new_point

Check = Callable[[Page], None]
SignIn = Callable[[str], Page]


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme, description="Every second Tuesday.")


@pytest.fixture
def point(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    for key in rates.valkey(settings.ACCORD.valkey_url).scan_iter("accord:rate:sign-up*"):
        rates.valkey(settings.ACCORD.valkey_url).delete(key)
    return new_point(acme, newsletter, age_question=True, accent="#8a4b08")


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def test_somebody_signs_up_on_a_telephone_and_confirms_from_the_mail(
    phone: Page, point: CollectionPoint, acme: Organisation, newsletter: Purpose, assert_accessible: Check
) -> None:
    phone.goto("/s/acme/newsletter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Our newsletter")
    phone.get_by_text("How we use your data").click()
    expect(phone.get_by_text("Acme is the controller.")).to_be_visible()
    assert_accessible(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_label("E-mail address", exact=True).fill("nina@mail.example")
    phone.get_by_label("15 or older").check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("Choose at least one thing").first).to_be_visible()
    assert_accessible(phone)
    expect(phone.get_by_label("E-mail address", exact=True)).to_have_value("nina@mail.example")
    phone.get_by_label("I want to receive").check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert_accessible(phone)
    (message,) = delivered()
    phone.goto(link_in(message))
    assert_accessible(phone)
    phone.get_by_role("button", name="Confirm").click()
    expect(phone.get_by_role("heading", name="Thank you: it is confirmed")).to_be_visible()
    assert_accessible(phone)
    assert phone.context.cookies() == []
    with scope(organisation=acme):
        assert status_of(Contact.objects.get(), newsletter) == "granted"


SITE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head><body><main><h1>Shop</h1>
<script src="{base}/s/acme/newsletter/embed.js" defer></script></main></body></html>"""


@pytest.fixture
def shop(live_server: LiveServer) -> Iterator[str]:
    """Another site, which pasted our one line into a page of its own; its address."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(SITE.format(base=live_server.url).encode() if found else b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_form_works_in_the_page_of_another_site(
    page: Page, point: CollectionPoint, acme: Organisation, shop: str
) -> None:
    point.origins = [shop]
    point.save()
    page.goto(f"{shop}/")
    page.get_by_label("E-mail address", exact=True).fill("nobody")
    page.get_by_label("15 or older").check()
    page.get_by_label("I want to receive").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").first).to_contain_text("This is not an e-mail address.")
    page.get_by_label("E-mail address", exact=True).fill("nina@mail.example")
    page.get_by_label("15 or older").check()
    page.get_by_label("I want to receive").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We have written to the address you gave.")).to_be_focused()
    assert page.context.cookies() == []
    with scope(organisation=acme):
        assert SignUp.objects.get().state == "waiting"


def test_a_site_that_is_not_allowed_only_links_to_the_form(
    page: Page, point: CollectionPoint, shop: str, complaints: list[str]
) -> None:
    page.goto(f"{shop}/")
    expect(page.get_by_role("link", name="/s/acme/newsletter")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)
    assert [text for text in complaints if "CORS" not in text and "Failed to load" not in text] == []
    complaints.clear()


def test_a_form_is_made_seen_as_it_is_typed_and_published(
    signed_in: SignIn, acme: Organisation, point: CollectionPoint, assert_accessible: Check
) -> None:
    page = signed_in("marketer")
    page.get_by_role("link", name="Collection points").click()
    assert_accessible(page)
    page.get_by_role("link", name="New collection point").first.click()
    page.wait_for_load_state("load")
    page.get_by_label("Name", exact=False).first.fill("Shop")
    page.get_by_label("Key").fill("shop")
    page.get_by_label("Notice").select_option("signup")
    page.get_by_label("Newsletter · e-mail").check()
    page.get_by_label("English", exact=True).check()
    page.get_by_label("Title (English)").fill("News from the shop")
    preview = page.frame_locator("[data-preview]")
    expect(preview.get_by_role("heading", level=1)).to_have_text("News from the shop")
    expect(preview.get_by_label("I want to receive")).not_to_be_checked()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It is live.")).to_be_visible()
    assert_accessible(page)


def test_the_public_page_weighs_less_than_thirty_kilobytes(page: Page, point: CollectionPoint) -> None:
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.ok else None)
    page.goto("/s/acme/newsletter")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < 30_000
    assert Path(settings.BASE_DIR, "static/public/sign-up.js").stat().st_size < 8_000
