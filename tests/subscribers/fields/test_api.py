from __future__ import annotations

import pytest

from portal.accounts.models import User
from portal.organisations.models import Organisation
from tests.people import Api, api_of


@pytest.fixture
def api(integrator: User, acme: Organisation) -> Api:
    return api_of(integrator, acme)


def test_a_field_is_declared_listed_and_changed(api: Api) -> None:
    body = {"key": "size", "label": "Size", "type": "choice", "choices": ["S", "M"], "justification": "Fit"}
    made = api.post("/fields", body)
    assert (made.status_code, made.json()["key"]) == (201, "size")
    assert [item["key"] for item in api.get("/fields").json()["items"]] == ["size"]
    changed = api.patch("/fields/size", {"choices": ["S", "M", "L"]}).json()
    assert (changed["choices"], changed["label"]) == (["S", "M", "L"], "Size")


@pytest.mark.parametrize("justification", [None, "", "  "])
def test_a_field_without_a_justification_is_refused(api: Api, justification: str | None) -> None:
    body = {"key": "size", "label": "Size", "type": "text"}
    if justification is not None:
        body["justification"] = justification
    answer = api.post("/fields", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "justification_required")


def test_the_same_key_twice_is_a_conflict(api: Api) -> None:
    body = {"key": "size", "label": "Size", "type": "text", "justification": "Fit"}
    api.post("/fields", body)
    assert (api.post("/fields", body).status_code, api.post("/fields", body).json()["code"]) == (409, "field_exists")


def test_an_unknown_type_is_told_at_its_place(api: Api) -> None:
    answer = api.post("/fields", {"key": "a", "label": "A", "type": "colour", "justification": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["type"])


def test_a_field_names_a_purpose_that_there_is(api: Api) -> None:
    body = {"key": "size", "label": "Size", "type": "text", "justification": "Fit", "purpose": "news"}
    api.post("/purposes", {"key": "news", "name": "News", "basis": "consent", "channels": ["email"]})
    assert api.post("/fields", body).json()["purpose"] == "news"
    for refused in (
        api.post("/fields", {**body, "key": "colour", "purpose": "nowhere"}),
        api.patch("/fields/size", {"purpose": "x" * 200}),
    ):
        assert refused.status_code == 422
        assert [problem["code"] for problem in refused.json()["errors"]] == ["unknown_purpose"]
    assert api.patch("/fields/size", {"purpose": ""}).json()["purpose"] == ""
