"""A real browser on a real server: ``page`` (signed out), ``signed_in(role)``, ``assert_accessible(page)``.

Every page that opens is watched: an error in its console, a blocked resource or an answer of 500 fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.people import new_member

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async (rules) => (await axe.run(document, {runOnly: rules})).violations.map(
    (violation) => violation.id + ': ' +
        violation.nodes.map((node) => node.target + ' ' + node.failureSummary).join('; '))"""
END_FADING = "document.getAnimations().forEach((one) => { try { one.finish(); } catch { /* endless */ } })"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need the browser and a database that another thread can see."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; the ORM is used from the thread that drives it."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A fresh profile whose relative addresses lead to the live server."""
    made = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield made
    made.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about so far."""
    return []


def told_of_the_usual(text: str) -> bool:
    """Chromium writes every 4xx answer to the console, which is for the test itself to judge; and htmx writes that a
    question was dropped, which is what happens to one that is open when a page is left.
    """
    return "status of 4" in text or text.startswith(("htmx:sendAbort", "htmx:afterRequest"))


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A page nobody is signed in on; its console must stay silent."""
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
    yield opened
    assert [text for text in complaints if not told_of_the_usual(text)] == []


@pytest.fixture
def signed_in(page: Page, acme: Organisation, live_server: LiveServer) -> Callable[[Role | str], Page]:
    """``signed_in("marketer")``: the page, signed in as that role of acme, at the dashboard."""

    def sign_in(role: Role | str) -> Page:
        client = Client()
        client.force_login(new_member(acme, Role(role)))
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto("/o/acme/")
        return page

    return sign_in


@pytest.fixture
def assert_accessible(complaints: list[str]) -> Callable[[Page], None]:
    """``assert_accessible(page)``: one h1, and axe-core finds nothing in light and nothing in dark."""

    def check(page: Page) -> None:
        assert page.locator("h1").count() == 1
        before = len(complaints)
        page.evaluate(AXE)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.evaluate("theme => window.accordTheme && accordTheme.choose(theme)", theme)
            page.wait_for_timeout(50)
            page.evaluate(END_FADING)
            assert page.evaluate(RUN_AXE, AXE_RULES) == [], f"{theme}: {page.url}"
        # axe-core itself tries inline styles, which the policy refuses; that is not the page's fault. What the browser
        # says of it arrives a moment after the answer.
        page.wait_for_timeout(100)
        del complaints[before:]

    return check
