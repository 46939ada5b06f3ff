"""Where people were asked, in the wizard and over HTTP: chosen, told, remembered (N-01)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from consent.collection.actions import close_point, update_point
from consent.collection.models import CollectionPoint
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.models import Import
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import new_point
from tests.consent.points import shop_point
from tests.people import client_of
from tests.portal.api.conftest import bearer, member_token
from tests.subscribers.imports.files import csv_upload
from tests.subscribers.imports.test_pages import ORIGIN, newest, run

pytestmark = pytest.mark.django_db
PEOPLE = "email,language\nada@x.example,fr\nben@x.example,en\n"
CHOSEN = {
    **ORIGIN,
    "collected_on": "2026-02-03",
    "consents": ["newsletter:email"],
    "evidence_note": "The log.",
    "collection_point": "shop",
}
OPTIONS = {
    "origin": {"kind": "own_form", "name": "Shop", "collected_by": "Acme", "collected_on": "2026-02-03"},
    "basis": "consent",
    "consents": [{"purpose": "newsletter", "channel": "email"}],
    "evidence_note": "The log.",
    "collection_point": "shop",
}


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme)


@pytest.fixture
def shop(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return shop_point(acme, newsletter)


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


@pytest.fixture
def api(marketer: User, acme: Organisation) -> Client:
    return bearer(member_token(marketer, acme))


def uploaded(browser: Client, organisation: Organisation, query: str = "") -> str:
    """The address of an import that waits for its origin."""
    browser.post(f"/o/acme/imports/new/{query}", {"file": csv_upload(PEOPLE)})
    return f"/o/acme/imports/{newest(organisation).pk}/"


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def part_about(browser: Client, address: str, **chosen: str) -> str:
    """What the page loads when something is chosen."""
    return text_of(browser.get(address, chosen, headers={"HX-Request": "true"}))


def post(api: Client, content: str = PEOPLE, **options: Any) -> Any:
    given = {name: value for name, value in {**OPTIONS, **options}.items() if value is not None}
    return api.post("/api/v1/imports", {"file": csv_upload(content), "options": json.dumps(given)})


def notices(organisation: Organisation) -> dict[str, str]:
    with scope(organisation=organisation):
        return dict(ConsentEvent.objects.values_list("contact__email_key", "notice_version"))


# In the browser


def test_the_wizard_asks_for_the_point_and_tells_its_notices(
    browser: Client, acme: Organisation, shop: CollectionPoint
) -> None:
    base = uploaded(browser, acme)
    page = text_of(browser.get(f"{base}origin/"))
    assert '<option value="shop">Shop · Import</option>' in page
    assert "These people were shown" not in page
    told = part_about(browser, f"{base}origin/", collection_point="shop", notice_language="fr", collected_on="")
    assert ("shop/1/fr" in told, "shop/1/en" in told) == (True, False)
    assert "http://testserver" not in told
    assert "/n/acme/shop?version=1&amp;language=fr" in told
    told = part_about(browser, f"{base}origin/", collection_point="shop", collected_on="2026-01-01")
    assert "On this day the point showed no notice" in told
    for odd in ("", "nowhere", "a\0", "Shop"):
        assert part_about(browser, f"{base}origin/", collection_point=odd, collected_on="2026-99-99").strip() == ""


def test_what_is_chosen_goes_all_the_way(browser: Client, acme: Organisation, shop: CollectionPoint) -> None:
    base = uploaded(browser, acme)
    assert browser.post(f"{base}origin/", CHOSEN).url == base
    run(newest(acme))
    page = text_of(browser.get(base))
    assert "shop/1/fr" in page
    assert 'href="/o/acme/collection-points/shop/">Shop</a>' in page
    browser.post(f"{base}start/")
    run(newest(acme))
    assert notices(acme) == {"ada@x.example": "shop/1/fr", "ben@x.example": "shop/1/en"}
    page = text_of(browser.get("/o/acme/collection-points/shop/"))
    assert base in page
    with scope(organisation=acme):
        assert AuditEntry.objects.filter(action="import.started").latest("pk").details["collection_point"] == "shop"


def test_what_does_not_agree_is_told_on_the_page(browser: Client, acme: Organisation, shop: CollectionPoint) -> None:
    base = uploaded(browser, acme)
    page = text_of(browser.post(f"{base}origin/", {**CHOSEN, "collected_on": "2026-01-09"}))
    assert "This date is before the form and its notice were published" in page
    assert "On this day the point showed no notice" in page
    page = text_of(browser.post(f"{base}origin/", {**CHOSEN, "consents": ["newsletter:sms"]}))
    assert "did not ask for “Newsletter” by SMS" in page
    assert "Select a valid choice" in text_of(browser.post(f"{base}origin/", {**CHOSEN, "collection_point": "x"}))
    assert newest(acme).job_id is None


def test_a_closed_point_can_still_be_named_and_a_draft_cannot(
    browser: Client, acme: Organisation, newsletter: Purpose, shop: CollectionPoint
) -> None:
    with scope(organisation=acme):
        close_point(actor=Actor.system(acme), point=shop)
    new_point(acme, newsletter, key="draft", notice="shop", publish=False)
    base = uploaded(browser, acme)
    page = text_of(browser.get(f"{base}origin/"))
    assert '<option value="shop">Shop · Import · Closed</option>' in page
    assert 'value="draft"' not in page
    assert browser.post(f"{base}origin/", CHOSEN).url == base


def test_without_points_nothing_is_asked(browser: Client, acme: Organisation, newsletter: Purpose) -> None:
    base = uploaded(browser, acme)
    assert "id_collection_point" not in text_of(browser.get(f"{base}origin/"))
    given = {name: value for name, value in CHOSEN.items() if name != "collection_point"}
    assert browser.post(f"{base}origin/", given).url == base


def test_the_page_of_a_point_begins_an_import_of_it(browser: Client, acme: Organisation, shop: CollectionPoint) -> None:
    page = text_of(browser.get("/o/acme/collection-points/shop/"))
    assert "/o/acme/imports/new/?collection_point=shop" in page
    assert "&quot;collection_point&quot;: &quot;shop&quot;" in page
    base = uploaded(browser, acme, "?collection_point=shop")
    assert '<option value="shop" selected>' in text_of(browser.get(f"{base}origin/"))
    uploaded(browser, acme, "?collection_point=nowhere")
    assert newest(acme).collection_point == ""


def test_the_next_such_file_has_the_point_filled_in(browser: Client, acme: Organisation, shop: CollectionPoint) -> None:
    base = uploaded(browser, acme)
    browser.post(f"{base}origin/", {**CHOSEN, "notice_language": "fr"})
    run(newest(acme))
    browser.post(f"{base}start/")
    run(newest(acme))
    page = text_of(browser.get(f"{uploaded(browser, acme)}origin/"))
    assert '<option value="shop" selected>' in page
    assert '<option value="fr" selected>' in page
    assert "shop/1/fr" in page


def test_a_point_for_imports_has_no_public_address(
    client: Client, browser: Client, acme: Organisation, shop: CollectionPoint
) -> None:
    web = new_point(acme, new_purpose(acme, "offers"), key="web", notice="shop")
    with scope(organisation=acme):
        update_point(actor=Actor.system(acme), point=web, changes={"kind": "import"})  # not published yet
    assert client.get("/s/acme/web").status_code == 200
    for path in ("", "/challenge", "/fragment"):
        assert client.get(f"/s/acme/shop{path}").status_code == 404
    assert client.post("/s/acme/shop", {"email": "a@x.example"}).status_code == 404


# Over HTTP


def test_an_import_over_http_names_point_and_notices(api: Client, acme: Organisation, shop: CollectionPoint) -> None:
    answer = post(api)
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["collection_point"], told["notice_language"]) == ("shop", None)
    run(newest(acme))
    told = api.get(f"/api/v1/imports/{told['id']}").json()
    assert [(notice["version"], notice["shown_from"], notice["shown_until"]) for notice in told["notices"]] == [
        ("shop/1/en", "2026-01-10T09:00:00Z", None),
        ("shop/1/fr", "2026-01-10T09:00:00Z", None),
    ]
    assert api.get("/api/v1/imports").json()["items"][0]["collection_point"] == "shop"
    assert notices(acme) == {"ada@x.example": "shop/1/fr", "ben@x.example": "shop/1/en"}


def test_an_import_without_a_point_is_as_before(api: Client, acme: Organisation, shop: CollectionPoint) -> None:
    told = post(api, collection_point=None).json()
    assert (told["collection_point"], told["notice_language"], told["notices"]) == (None, None, [])
    run(newest(acme))
    assert notices(acme) == {"ada@x.example": "", "ben@x.example": ""}


@pytest.mark.parametrize(
    ("options", "code", "loc"),
    [
        ({"collection_point": "nowhere"}, "unknown_collection_point", ["options", "collection_point"]),
        ({"collection_point": "a\0"}, "invalid_value", ["options", "collection_point"]),
        ({"collection_point": "Shop 1"}, "unknown_collection_point", ["options", "collection_point"]),
        ({"collection_point": "theirs"}, "unknown_collection_point", ["options", "collection_point"]),
        ({"notice_language": "de"}, "invalid_value", ["options", "notice_language"]),
        ({"notice_language": "a\0"}, "invalid_value", ["options", "notice_language"]),
        ({"occurred_at": "2026-01-09T00:00:00Z"}, "before_notice", ["options", "occurred_at"]),
        (
            {"consents": [{"purpose": "newsletter", "channel": "sms"}]},
            "purpose_not_asked",
            ["options", "consents", 0],
        ),
    ],
)
def test_what_does_not_agree_is_a_problem_at_its_place(
    api: Client,
    acme: Organisation,
    other: Organisation,
    shop: CollectionPoint,
    options: dict[str, Any],
    code: str,
    loc: list[Any],
) -> None:
    new_point(other, new_purpose(other), key="theirs")
    answer = post(api, **options)
    assert answer.status_code == 422
    assert {"code": code, "loc": loc} in [
        {"code": error["code"], "loc": error["loc"]} for error in answer.json()["errors"]
    ]
    with scope(organisation=acme):
        assert not Import.objects.exists()


def test_a_language_without_a_point_is_nothing(api: Client, acme: Organisation, newsletter: Purpose) -> None:
    told = post(api, collection_point=None, notice_language="fr").json()
    assert told["notice_language"] is None
