"""What no program should send is refused with its place, whichever operation it is sent to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.api.errors import InvalidJsonError
from portal.api.parsing import read_json
from portal.errors import InvalidInputError
from portal.organisations.models import Organisation
from tests.people import Api, api_of, lines_of

UNSTORABLE = ["a\x00b", "\x00", "\ud800", "\udfff\ud800"]


@pytest.fixture
def api(integrator: User, acme: Organisation) -> Api:
    return api_of(integrator, acme)


def codes_of(answer: Any) -> list[tuple[list[str | int], str]]:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return [(problem["loc"], problem["code"]) for problem in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/purposes", {"key": "news", "name": "%", "basis": "consent", "channels": ["email"]}),
        ("/fields", {"key": "size", "label": "%", "type": "text", "justification": "Fit"}),
        ("/contacts", {"email": "ada@example.org", "first_name": "%"}),
        ("/consents", {"contact": {"external_id": "%"}, "purpose": "news", "channel": "email", "action": "withdraw"}),
        ("/suppressions", {"address": "%"}),
        ("/segments", {"name": "%", "rule": {"all": []}}),
        ("/segments/preview", {"rule": {"field": "attributes.%", "op": "is_set"}}),
        ("/audiences", {"name": "%", "segment": "1", "purpose": "news", "channel": "email"}),
    ],
)
@pytest.mark.parametrize("text", UNSTORABLE)
def test_text_the_database_could_not_keep_is_refused(api: Api, path: str, body: dict[str, Any], text: str) -> None:
    written = json.dumps(body).replace("%", json.dumps(text)[1:-1])

    answer = api.call("post", path, json.loads(written))

    ((loc, code),) = codes_of(answer)
    assert code == "invalid_value"
    assert loc


def test_a_line_with_such_text_is_refused_alone(api: Api) -> None:
    lines = [json.dumps({"address": "a\x00@example.org"}), json.dumps({"address": "b@example.org"})]

    found = lines_of(api.post("/suppressions", "\n".join(lines)))

    assert [line.get("code", "kept") for line in found] == ["invalid_value", "kept"]


def test_the_options_of_an_import_are_read_with_the_same_care(api: Api) -> None:
    options = {"basis": "consent", "origin": {"kind": "own_form", "name": "a\x00b", "collected_by": "Acme"}}
    file = SimpleUploadedFile("people.csv", b"email\nada@example.org\n")

    answer = Client(headers={"Authorization": f"Bearer {api.token}"}).post(
        "/api/v1/imports", {"file": file, "options": json.dumps(options)}
    )

    assert codes_of(answer) == [(["options", "origin", "name"], "invalid_value")]


@pytest.mark.parametrize("query", ["q", "external_id", "email", "cursor"])
def test_a_query_with_nul_is_refused(api: Api, query: str) -> None:
    ((loc, _code),) = codes_of(api.get(f"/contacts?{query}=a%00b"))
    assert loc[0] == query


@pytest.mark.parametrize("path", ["/purposes/a%00b", "/fields/%00", "/contacts/1%00"])
def test_an_address_with_nul_is_nowhere(api: Api, path: str) -> None:
    assert api.get(path).status_code == 404


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "NaN", "Infinity", "-Infinity"])
def test_numbers_beyond_a_double_are_no_json(api: Api, number: str) -> None:
    body = '{"rule": {"field": "attributes.points", "op": "eq", "value": 0}}'.replace("0", number)
    with pytest.raises(InvalidJsonError):
        read_json(body)

    answer = Client(headers={"Authorization": f"Bearer {api.token}"}).post(
        "/api/v1/segments/preview", body, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_what_json_allows_is_read_as_it_is() -> None:
    value = {"a": ["\u0001", "é", "👩‍👩‍👧", "\uffff", 2**53, 1.5, None, True], "\u202e": {}}

    assert read_json(json.dumps(value)) == read_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_each_place_is_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_json(json.dumps({"a": [{"b": "\x00"}, "fine"], "\x00": 1}))

    assert [problem.loc for problem in refused.value.errors] == [("a", 0, "b"), ()]
