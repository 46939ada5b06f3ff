"""Collection points as marketers and systems make them: what may be published, and what never."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django_scopes import scope

from consent.collection.models import CollectionPoint, FormVersion
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from portal.ui.contrast import contrast, ink_on
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import TEXTS, new_notice, new_point, path_of
from tests.people import Api, api_of, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer: User, acme: Organisation) -> Api:
    return api_of(marketer, acme)


@pytest.fixture
def notices(acme: Organisation) -> None:
    for language in ("en", "fr"):
        new_notice(acme, language)


def body(**values: Any) -> dict[str, Any]:
    return {
        "key": "letter",
        "name": "Letter",
        "notice": "signup",
        "choices": [{"purpose": "newsletter", "channel": "email"}],
        "languages": ["en", "fr"],
        "texts": TEXTS,
        **values,
    }


def problems_of(answer: Any) -> dict[str, str]:
    assert (answer.status_code, answer.json()["code"]) == (422, "not_publishable")
    return {problem["code"]: problem["detail"] for problem in answer.json()["errors"]}


def test_a_form_asks_nothing_that_its_notice_does_not_explain(
    api: Api, acme: Organisation, newsletter: Purpose
) -> None:
    new_notice(acme, "en", form={"purposes": [{"purpose": "newsletter"}]})
    new_notice(acme, "fr", form={"purposes": [{"purpose": "another"}]})
    api.post("/collection-points", body())
    problems = problems_of(api.post("/collection-points/letter/publish"))
    assert list(problems) == ["purpose_not_in_notice"]
    assert "art. 13(1)(c)" in problems["purpose_not_in_notice"]
    new_notice(acme, "fr", number=2, form={"purposes": [{"purpose": "newsletter"}, {"purpose": "another"}]})
    assert api.post("/collection-points/letter/publish").status_code == 200


@pytest.mark.parametrize("kind", ["form", "paper", "phone", "api"])
def test_the_age_can_be_asked_wherever_somebody_answers(
    api: Api, acme: Organisation, newsletter: Purpose, notices: None, kind: str
) -> None:
    api.post("/collection-points", body(kind=kind, age_question=True, double_opt_in=False))
    assert api.post("/collection-points/letter/publish").status_code == 200
    with scope(organisation=acme):
        document = FormVersion.objects.get().document
    assert document["age_limit"] == 15
    assert document["double_opt_in"] is (kind == "form")
    assert "15" in document["languages"]["fr"]["age"]["why"]
    assert ("e-mail" in document["languages"]["en"]["age"]["parent"].lower()) is (kind == "form")


def test_a_file_is_not_asked_for_an_age(api: Api, newsletter: Purpose, notices: None) -> None:
    api.post("/collection-points", body(kind="import", age_question=True))
    assert list(problems_of(api.post("/collection-points/letter/publish"))) == ["age_not_in_imports"]
    api.patch("/collection-points/letter", {"age_question": False})
    assert api.post("/collection-points/letter/publish").status_code == 200


def test_a_system_makes_a_form_publishes_it_and_closes_it(api: Api, newsletter: Purpose, notices: None) -> None:
    made = api.post("/collection-points", body())
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["version"]) == ("draft", None)
    live = api.post("/collection-points/letter/publish")
    assert (live.status_code, live.json()["state"], live.json()["version"]) == (200, "live", 1)
    assert live.json()["url"].endswith("/s/acme/letter")
    assert api.get("/collection-points").json()["items"][0]["key"] == "letter"
    changed = api.patch("/collection-points/letter", {"accent": "#0F6B67", "double_opt_in": False})
    assert (changed.json()["accent"], changed.json()["double_opt_in"]) == ("#0f6b67", False)
    assert api.post("/collection-points/letter/publish").json()["version"] == 2
    assert api.post("/collection-points/letter/publish").json()["version"] == 2
    assert api.post("/collection-points/letter/close").json()["state"] == "closed"
    assert api.get("/collection-points/letter").json()["closed_at"]
    actions = ["collection.created", "collection.published", "collection.updated", "collection.closed"]
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= set(actions)


def test_a_key_is_given_once(api: Api, newsletter: Purpose) -> None:
    api.post("/collection-points", body())
    assert api.post("/collection-points", body()).json()["code"] == "point_exists"


@pytest.mark.parametrize(
    ("wrong", "code", "article"),
    [
        ({"notice": "nothing"}, "notice_not_live", "art. 13"),
        ({"choices": []}, "no_choices", "C-03"),
        ({"languages": []}, "no_language", "art. 12"),
        ({"texts": {"en": {"title": "Hello"}}}, "no_title", "art. 7(2)"),
        ({"fields": [{"name": "first_name"}]}, "no_justification", "art. 5(1)(c)"),
        ({"accent": "#ffee88"}, "low_contrast", "WCAG"),
        ({"choices": [{"purpose": "newsletter", "channel": "sms"}]}, "channel_without_phone", "art. 5(1)(c)"),
        ({"choices": [{"purpose": "offers", "channel": "email"}]}, "not_consent", "6(1)"),
        (
            {"texts": {**TEXTS, "en": {"title": "Letter", "intro": "I accept the terms and conditions."}}},
            "terms_bundled",
            "art. 7(2)",
        ),
        (
            {"texts": {**TEXTS, "fr": {"title": "Lettre", "intro": "Vous acceptez nos conditions générales."}}},
            "terms_bundled",
            "art. 7(2)",
        ),
    ],
)
def test_what_the_law_forbids_is_not_published_and_the_article_is_named(
    api: Api, acme: Organisation, newsletter: Purpose, notices: None, wrong: dict[str, Any], code: str, article: str
) -> None:
    new_purpose(acme, "offers", basis="legitimate_interest")
    assert api.post("/collection-points", body(**wrong)).status_code == 201
    assert article in problems_of(api.post("/collection-points/letter/publish"))[code]
    assert api.get("/collection-points/letter").json()["state"] == "draft"


@pytest.mark.parametrize(
    ("name", "code", "article"), [("preselected", "preselected", "4(11)"), ("required", "required_consent", "7(4)")]
)
def test_nothing_is_chosen_beforehand_and_no_consent_is_required(
    api: Api, newsletter: Purpose, name: str, code: str, article: str
) -> None:
    answer = api.post("/collection-points", body(choices=[{"purpose": "newsletter", "channel": "email", name: True}]))
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["code"] == code
    assert article in problem["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": [{"purpose": "nothing", "channel": "email"}]},
        {"fields": [{"name": "attributes.nothing", "justification": "x"}]},
        {"languages": ["xx"]},
        {"texts": {"en": {"title": "x" * 200}}},
        {"texts": {"en": {"footer": "x"}}},
        {"origins": ["www.acme.example"]},
        {"origins": ["https://acme.example/blog"]},
        {"origins": ["https://acme.example;script-src *"]},
        {"origins": ["https://*"]},
        {"origins": ["https://ada@acme.example"]},
        {"accent": "red"},
        {"key": "Über"},
        {"kind": "fax"},
        {"surprise": 1},
    ],
)
def test_nonsense_is_not_even_saved(api: Api, newsletter: Purpose, wrong: dict[str, Any]) -> None:
    assert api.post("/collection-points", body(**wrong)).status_code == 422


def test_double_opt_in_is_forced_where_a_purpose_demands_it(acme: Organisation) -> None:
    point = new_point(acme, new_purpose(acme, "careful", double_opt_in=True), double_opt_in=False)
    with scope(organisation=acme):
        assert FormVersion.objects.get(point=point).document["double_opt_in"] is True


def test_when_the_notice_is_gone_the_form_is_closed(point: CollectionPoint, acme: Organisation) -> None:
    from django.test import Client

    with scope(organisation=acme):
        NoticeVersion.objects.update(ended_at=point.created_at)
    assert Client().get(path_of(point)).status_code == 410


@pytest.mark.parametrize("statement", ["UPDATE consent_formversion SET number = 9", "DELETE FROM consent_formversion"])
def test_a_version_is_never_changed(point: CollectionPoint, statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append_only"):
        cursor.execute(statement)


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#0f6b67", "#ff0000", "#808080", "#ffee88"])
def test_the_word_on_the_button_is_always_readable(colour: str) -> None:
    assert contrast(colour, ink_on(colour)) >= 4.5


# Pages


def page_values(**values: Any) -> dict[str, Any]:
    return {
        "name": "Letter",
        "key": "letter",
        "kind": "form",
        "notice": "signup",
        "choices": ["newsletter-email"],
        "asking": "boxes",
        "languages": ["en"],
        "title_en": "Our letter",
        "double_opt_in": "on",
        "why_first_name": "To greet you.",
        **values,
    }


def test_a_marketer_makes_previews_and_publishes_a_form(
    marketer: User, acme: Organisation, newsletter: Purpose, notices: None
) -> None:
    browser = client_of(marketer)
    assert browser.get("/o/acme/collection-points/new/").status_code == 200
    preview = browser.post("/o/acme/collection-points/preview/", page_values(title_en="Being typed", accent="#ffee88"))
    page = preview.content.decode()
    assert "Being typed" in page
    assert "To greet you." in page
    assert "Too pale" in page
    assert "frame-ancestors 'self'" in preview["Content-Security-Policy"]
    with scope(organisation=acme):
        assert not CollectionPoint.objects.exists()
    saved = browser.post("/o/acme/collection-points/new/", page_values(), follow=True)
    assert "Draft" in saved.content.decode()
    live = browser.post("/o/acme/collection-points/letter/publish/", follow=True)
    page = live.content.decode()
    assert "Live" in page
    assert "/s/acme/letter/embed.js" in page
    assert "Our letter" in browser.get("/s/acme/letter").content.decode()
    listed = browser.get("/o/acme/collection-points/").content.decode()
    assert "Letter" in listed


def test_what_stands_in_the_way_is_listed_on_the_page(marketer: User, newsletter: Purpose, acme: Organisation) -> None:
    browser = client_of(marketer)
    browser.post("/o/acme/collection-points/new/", page_values(notice=""))
    answer = browser.post("/o/acme/collection-points/letter/publish/")
    assert answer.status_code == 422
    assert "art. 13" in answer.content.decode()


def test_a_wrong_field_is_told_at_its_place(marketer: User, newsletter: Purpose, acme: Organisation) -> None:
    answer = client_of(marketer).post("/o/acme/collection-points/new/", page_values(notice="", accent="red"))
    assert answer.status_code == 422
    assert "six hexadecimal digits" in answer.content.decode()


def test_editing_keeps_what_the_page_does_not_show(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter, fields=[{"name": "first_name", "justification": "Hello.", "required": True}])
    browser = client_of(marketer)
    assert 'value="Hello."' in browser.get("/o/acme/collection-points/newsletter/edit/").content.decode()
    browser.post("/o/acme/collection-points/newsletter/edit/", page_values(key="other"))
    point.refresh_from_db()
    assert point.key == "newsletter"
    assert point.fields == [{"name": "first_name", "justification": "To greet you.", "required": True}]
    page = browser.get("/o/acme/collection-points/newsletter/").content.decode()
    assert "not shown to visitors yet" in page
    assert "Our newsletter" in browser.get("/o/acme/collection-points/newsletter/preview/?version=1").content.decode()


def test_closing_asks_first(marketer: User, point: CollectionPoint) -> None:
    browser = client_of(marketer)
    address = "/o/acme/collection-points/newsletter/close/"
    assert browser.get(address).status_code == 200
    point.refresh_from_db()
    assert point.state == "live"
    browser.post(address)
    point.refresh_from_db()
    assert point.state == "closed"


def test_viewers_look_and_change_nothing(viewer: User, acme: Organisation, point: CollectionPoint) -> None:
    browser = client_of(viewer)
    assert browser.get("/o/acme/collection-points/newsletter/").status_code == 200
    assert browser.post("/o/acme/collection-points/newsletter/publish/").status_code == 403
    assert api_of(viewer, acme).post("/collection-points", body()).status_code == 403


def test_another_organisation_finds_nothing(stranger: User, other: Organisation, point: CollectionPoint) -> None:
    assert api_of(stranger, other).get("/collection-points/newsletter").status_code == 404
    assert client_of(stranger).get("/o/other/collection-points/newsletter/").status_code == 404
