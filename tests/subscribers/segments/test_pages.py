"""The pages of segments, without script: every button posts the whole form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.actions import create_segment
from subscribers.segments.models import Segment
from tests.people import actor_of, client_of
from tests.subscribers.segments.test_compiling import declare

FRANCE = {"field": "country", "op": "eq", "value": "FR"}
ROOT = "/o/acme/segments/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


@pytest.fixture
def french(marketer: User, in_acme: Organisation) -> Segment:
    return create_segment(actor=actor_of(marketer, in_acme), name="The French", rule=FRANCE)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def one_condition(name: str = "country", operator: str = "eq", *values: str, **more: str) -> dict[str, Any]:
    form = {":mode": "all", "node": ["0"], "0:field": name, "0:was": name, "0:op": operator, "0:value": list(values)}
    return {"name": "The French", **form, **more}


def test_the_list_leads_to_a_first_segment(browser: Client, acme: Organisation) -> None:
    page = browser.get(ROOT)
    assert page.status_code == 200
    assert "No segments yet" in text_of(page)
    assert f"{ROOT}new/" in page.content.decode()


def test_a_segment_is_built_saved_and_counted(browser: Client, acme: Organisation, ada: Contact, ben: Contact) -> None:
    page = browser.get(f"{ROOT}new/")
    assert page.status_code == 200
    answer = browser.post(f"{ROOT}new/", one_condition("country", "eq", "FR"))
    with scope(organisation=acme):
        segment = Segment.objects.get()
    assert segment.rule == {"all": [FRANCE]}
    assert segment.last_count == 1
    assert answer.status_code == 302
    detail = browser.get(answer["Location"])
    assert "People in France" in text_of(detail)
    assert "The French" in text_of(browser.get(ROOT))


def test_an_unfinished_condition_is_marked_and_nothing_saved(browser: Client, acme: Organisation) -> None:
    page = browser.post(f"{ROOT}new/", one_condition("country", "eq", ""))
    assert page.status_code == 422
    assert 'id="c-0-error"' in page.content.decode()
    assert 'aria-describedby="c-0-error"' in page.content.decode()
    with scope(organisation=acme):
        assert not Segment.objects.exists()


def test_a_name_that_is_taken_is_told_at_the_name(browser: Client, french: Segment) -> None:
    page = browser.post(f"{ROOT}new/", one_condition("country", "eq", "DE"))
    assert page.status_code == 422
    assert "Another segment has this name" in text_of(page)


def test_without_script_a_button_adds_a_condition_and_shows_the_count(browser: Client, ada: Contact) -> None:
    page = browser.post(f"{ROOT}new/", one_condition("country", "eq", "FR", do="add:"))
    html = page.content.decode()
    assert page.status_code == 200
    assert html.startswith("<!DOCTYPE")
    assert 'name="1:field"' in html
    assert "1 condition has no value yet" in text_of(page)
    assert "Ada Martin" in html


def test_with_script_the_editor_alone_comes_back_and_asks_for_the_count(browser: Client, acme: Organisation) -> None:
    page = browser.post(f"{ROOT}new/", one_condition("country", "eq", "FR", do="group:"), headers=HTMX)
    html = page.content.decode()
    assert "<html" not in html
    assert 'name="1.0:field"' in html
    assert page["HX-Trigger-After-Settle"] == "segment-edited"


def test_another_field_brings_its_own_operators_and_drops_the_value(browser: Client, in_acme: Organisation) -> None:
    declare(in_acme)
    form = one_condition("attributes.points", "starts_with", "FR", do="refresh") | {"0:was": "country"}
    html = browser.post(f"{ROOT}new/", form, headers=HTMX).content.decode()
    assert '<option value="between">' in html
    assert "starts_with" not in html
    assert re.search(r'<input type="number"[^>]*name="0:value"[^>]*value=""', html)


def test_every_kind_of_condition_goes_through_the_form(browser: Client, in_acme: Organisation, french: Segment) -> None:
    declare(in_acme)
    conditions = [
        ("first_name", "contains", ["a"], "a"),
        ("first_name", "in", ['Ada, "B, C"'], ["Ada", "B, C"]),
        ("country", "in", ["FR", "DE"], ["FR", "DE"]),
        ("tags", "has_all", ["vip, new"], ["vip", "new"]),
        ("created_at", "in_last", ["30"], {"days": 30}),
        ("created_at", "between", ["2026-01-01", "2026-02-01"], ["2026-01-01", "2026-02-01"]),
        ("attributes.points", "gte", ["10,5"], 10.5),
        ("attributes.points", "between", ["-1", "10"], [-1, 10]),
        ("attributes.member", "eq", ["false"], False),
        ("attributes.interests", "has_any", ["sport", "wine"], ["sport", "wine"]),
        ("consent.news.email", "in", ["granted", "none"], ["granted", "none"]),
        ("consent.news.email.since", "lt", ["2026-01-01"], "2026-01-01"),
        ("segment", "eq", [str(french.pk)], str(french.pk)),
    ]
    form: dict[str, Any] = {"name": "Everything", ":mode": "none", "node": [str(n) for n in range(len(conditions))]}
    for index, (name, operator, given, _value) in enumerate(conditions):
        form |= {f"{index}:field": name, f"{index}:was": name, f"{index}:op": operator, f"{index}:value": given}
    answer = browser.post(f"{ROOT}new/", form)
    assert answer.status_code == 302, text_of(answer)
    rule = Segment.objects.get(name="Everything").rule
    assert rule == {"not": {"any": [{"field": f, "op": o, "value": v} for f, o, _given, v in conditions]}}
    page = browser.get(f"{answer['Location']}edit/")
    assert page.status_code == 200
    assert "&quot;B, C&quot;" in page.content.decode()
    assert browser.get(answer["Location"]).status_code == 200


def test_a_rule_can_be_pasted_as_json(browser: Client, in_acme: Organisation) -> None:
    form = one_condition("country", "eq", "DE", do="json", json='{"any": [{"field": "tags", "op": "is_set"}]}')
    html = browser.post(f"{ROOT}new/", form, headers=HTMX).content.decode()
    assert '<option value="is_set" selected>' in html
    assert '<option value="any" selected>' in html


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"field": "shoe", "op": "eq", "value": 1}', "[" * 100_000])
def test_json_that_is_no_rule_is_refused_and_the_draft_kept(browser: Client, acme: Organisation, text: str) -> None:
    page = browser.post(f"{ROOT}new/", one_condition("country", "eq", "DE", do="json", json=text), headers=HTMX)
    html = page.content.decode()
    assert page.status_code == 200
    assert 'id="segment-json-error"' in html
    assert '<option value="DE" selected>' in html


def test_the_preview_counts_what_is_finished(browser: Client, ada: Contact, ben: Contact) -> None:
    page = browser.post(f"{ROOT}preview/", one_condition("country", "eq", "FR"), headers=HTMX)
    text = text_of(page)
    assert "People in France" in text
    assert "1 person" in text
    assert "Ada Martin" in text
    assert "Ben" not in text


def test_the_preview_says_what_is_wrong(browser: Client, acme: Organisation) -> None:
    page = browser.post(f"{ROOT}preview/", one_condition("created_at", "gt", "soon"), headers=HTMX)
    assert page.status_code == 200
    assert "The value must be a day or a moment" in text_of(page)


def test_a_name_in_a_rule_is_escaped_on_the_page(browser: Client, acme: Organisation) -> None:
    form = one_condition("first_name", "eq", "<script>alert(1)</script>")
    assert "<script>alert" not in browser.post(f"{ROOT}preview/", form).content.decode()
    assert "<script>alert" not in browser.post(f"{ROOT}new/", form | {"do": "refresh"}).content.decode()


def test_the_page_of_a_segment_counts_it_and_keeps_the_count(browser: Client, french: Segment, ada: Contact) -> None:
    page = browser.get(f"{ROOT}{french.pk}/people/", headers=HTMX)
    assert "1 person" in text_of(page)
    french.refresh_from_db()
    assert french.last_count == 1


def test_a_segment_whose_field_is_gone_says_so(browser: Client, french: Segment) -> None:
    Segment.objects.filter(pk=french.pk).update(rule={"field": "attributes.gone", "op": "is_set"})
    assert "does not work any more" in text_of(browser.get(f"{ROOT}{french.pk}/"))
    assert browser.get(f"{ROOT}{french.pk}/edit/").status_code == 200
    assert browser.get(f"{ROOT}{french.pk}/people/").status_code == 200


def test_archiving_asks_first(browser: Client, french: Segment) -> None:
    asked = browser.get(f"{ROOT}{french.pk}/archive/")
    assert "Archive this segment?" in text_of(asked)
    assert browser.post(f"{ROOT}{french.pk}/archive/").status_code == 302
    assert browser.get(f"{ROOT}{french.pk}/").status_code == 404


def test_a_viewer_sees_and_does_not_build(viewer: User, french: Segment) -> None:
    client = client_of(viewer)
    page = client.get(f"{ROOT}{french.pk}/")
    assert page.status_code == 200
    assert f"{ROOT}{french.pk}/edit/" not in page.content.decode()
    assert client.get(f"{ROOT}{french.pk}/people/").status_code == 200
    for address in ("new/", f"{french.pk}/edit/", f"{french.pk}/archive/", "preview/"):
        assert client.post(f"{ROOT}{address}").status_code == 403


def test_a_stranger_finds_nothing(stranger: User, french: Segment) -> None:
    client = client_of(stranger)
    for address in ("", "new/", f"{french.pk}/", f"{french.pk}/people/", f"{french.pk}/edit/"):
        assert client.get(f"{ROOT}{address}").status_code == 404
    assert client.get(f"/o/other/segments/{french.pk}/").status_code == 404


def test_the_builder_asks_the_database_as_often_for_twenty_conditions_as_for_two(
    browser: Client, in_acme: Organisation, django_assert_max_num_queries: Any
) -> None:
    declare(in_acme)
    for size in (2, 20):
        form: dict[str, Any] = {"name": "x", ":mode": "any", "node": [str(n) for n in range(size)], "do": "refresh"}
        for n in range(size):
            form |= {f"{n}:field": "tags", f"{n}:was": "tags", f"{n}:op": "has_any", f"{n}:value": "vip"}
        with django_assert_max_num_queries(12):
            browser.post(f"{ROOT}new/", form, headers=HTMX)
