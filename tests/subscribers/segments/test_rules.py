"""What the rule language takes and refuses, and where it says the mistake is."""

from __future__ import annotations

from typing import Any

import pytest

from portal.organisations.models import Organisation
from subscribers.segments.compiling import compile_rule, read_rule
from subscribers.segments.errors import InvalidRuleError
from subscribers.segments.models import Segment
from tests.people import LONG_AGO
from tests.subscribers.segments.generated import NOW
from tests.subscribers.segments.test_compiling import declare

Refusal = tuple[tuple[Any, ...], str]


def refusals(organisation: Organisation, rule: Any, own_id: int | None = None) -> list[Refusal]:
    """(path, code) of every problem of a rule."""
    with pytest.raises(InvalidRuleError) as caught:
        read_rule(rule, organisation=organisation, own_id=own_id)
    assert caught.value.code == "invalid_rule"
    assert caught.value.status == 422
    return [(problem.loc, problem.code) for problem in caught.value.errors]


def test_every_mistake_is_named_with_its_path_in_the_rule(in_acme: Organisation) -> None:
    rule = {
        "all": [
            {"field": "shoe_size", "op": "eq", "value": 42},
            {"not": {"any": [{"field": "country", "op": "lt", "value": "FR"}]}},
            {"field": "tags", "op": "has_any", "value": "vip"},
            {"field": "country", "op": "eq", "value": "FR"},
        ]
    }
    assert refusals(in_acme, rule) == [
        (("all", 0, "field"), "unknown_field"),
        (("all", 1, "not", "any", 0, "op"), "unknown_operator"),
        (("all", 2, "value"), "invalid_value"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "attributes.unknown",
        "attributes.",
        "attributes",
        "consent.unknown.email",
        "consent.news.fax",
        "consent.news",
        "consent.news.email.until",
        "delivery.opened.last",
        "organisation_id",
        "email; DROP TABLE",
        "",
    ],
)
def test_unknown_fields_are_refused(in_acme: Organisation, name: str) -> None:
    declare(in_acme)
    assert refusals(in_acme, {"field": name, "op": "is_set"}) == [(("field",), "unknown_field")]


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("first_name", "eq", 1),
        ("first_name", "eq", None),
        ("first_name", "eq", " "),
        ("first_name", "eq", "a\x00b"),
        ("first_name", "eq", "\ud800"),
        ("first_name", "eq", "x" * 501),
        ("first_name", "in", []),
        ("first_name", "in", ["x"] * 1001),
        ("first_name", "in", "Ada"),
        ("first_name", "is_set", "Ada"),
        ("country", "eq", "Atlantis"),
        ("origin", "eq", "a friend"),
        ("tags", "has_all", [1]),
        ("created_at", "gt", "yesterday"),
        ("created_at", "gt", "2026-02-30"),
        ("created_at", "gt", "2026-01-01T10:00:00"),
        ("created_at", "gt", "0001-01-01"),
        ("created_at", "between", ["2026-01-01"]),
        ("created_at", "between", ["2026-02-01", "2026-01-01"]),
        ("created_at", "in_last", 30),
        ("created_at", "in_last", {"days": 0}),
        ("created_at", "in_last", {"days": True}),
        ("created_at", "in_last", {"days": 1.5}),
        ("created_at", "in_last", {"days": 10, "hours": 1}),
        ("attributes.points", "eq", "10"),
        ("attributes.points", "eq", True),
        ("attributes.points", "gt", float("inf")),
        ("attributes.points", "gt", float("nan")),
        ("attributes.points", "between", [2, 1]),
        ("attributes.member", "eq", "true"),
        ("attributes.member", "eq", 1),
        ("attributes.born_on", "lt", "2026-01-01T00:00:00Z"),
        ("attributes.level", "eq", "bronze"),
        ("attributes.interests", "has_any", ["golf"]),
        ("consent.news.email", "eq", "maybe"),
        ("consent.news.email.since", "lt", "granted"),
        ("segment", "eq", "the French"),
        ("segment", "eq", "-1"),
        ("segment", "eq", 10**30),
        ("segment", "eq", "999"),
    ],
)
def test_values_of_the_wrong_type_are_refused(in_acme: Organisation, name: str, operator: str, value: Any) -> None:
    declare(in_acme)
    rule = {"field": name, "op": operator, "value": value}
    assert refusals(in_acme, rule) == [(("value",), "invalid_value")]


@pytest.mark.parametrize(
    "rule",
    [
        None,
        [],
        "all",
        {},
        {"all": {}},
        {"all": [], "any": []},
        {"field": "country"},
        {"field": "country", "op": "eq", "value": "FR", "extra": 1},
        {"some": []},
    ],
)
def test_what_is_no_rule_is_refused(in_acme: Organisation, rule: Any) -> None:
    assert refusals(in_acme, rule) == [((), "malformed")]


@pytest.mark.parametrize("operator", [None, 1, ["eq"], {}])
def test_an_operator_that_is_no_text_is_unknown(in_acme: Organisation, operator: Any) -> None:
    assert refusals(in_acme, {"field": "country", "op": operator, "value": "FR"}) == [(("op",), "unknown_operator")]


@pytest.mark.parametrize("name", [None, 1, ["country"], {}])
def test_a_field_that_is_no_text_is_unknown(in_acme: Organisation, name: Any) -> None:
    assert refusals(in_acme, {"field": name, "op": "eq", "value": "FR"}) == [(("field",), "unknown_field")]


def test_depth_and_size_are_bounded(in_acme: Organisation) -> None:
    deep: dict[str, Any] = {"all": []}
    for _level in range(2000):
        deep = {"not": deep}
    assert [code for _path, code in refusals(in_acme, deep)] == ["too_deep"]
    wide = {"all": [{"field": "country", "op": "eq", "value": "FR"}] * 5000}
    assert [code for _path, code in refusals(in_acme, wide)] == ["too_deep"]


def saved(organisation: Organisation, name: str, rule: dict[str, Any]) -> Segment:
    return Segment.objects.create(
        organisation=organisation, name=name, rule=rule, created_at=LONG_AGO, updated_at=LONG_AGO
    )


def refers(segment: Segment) -> dict[str, Any]:
    return {"field": "segment", "op": "eq", "value": str(segment.pk)}


def test_a_segment_may_not_refer_back_to_itself(in_acme: Organisation) -> None:
    first = saved(in_acme, "First", {"all": []})
    second = saved(in_acme, "Second", {"any": [refers(first)]})
    assert refusals(in_acme, {"all": [refers(first)]}, own_id=first.pk) == [(("all", 0, "value"), "cycle")]
    assert refusals(in_acme, {"all": [refers(second)]}, own_id=first.pk) == [(("all", 0, "value"), "cycle")]


def test_a_circle_already_in_the_table_is_refused_and_not_followed(in_acme: Organisation) -> None:
    first = saved(in_acme, "First", {"all": []})
    second = saved(in_acme, "Second", refers(first))
    Segment.objects.filter(pk=first.pk).update(rule=refers(second))
    assert refusals(in_acme, refers(first)) == [(("value",), "cycle")]


def test_references_are_bounded_in_levels_and_written_out_size(in_acme: Organisation) -> None:
    segment = saved(in_acme, "0", {"field": "country", "op": "eq", "value": "FR"})
    for level in range(1, 5):
        segment = saved(in_acme, str(level), {"all": [refers(segment)] * 2})
    read_rule(refers(segment), organisation=in_acme)
    too_deep = saved(in_acme, "5", refers(segment))
    assert [code for _path, code in refusals(in_acme, refers(too_deep))] == ["too_deep"]
    wide = saved(in_acme, "wide", {"all": [{"field": "country", "op": "eq", "value": "FR"}] * 200})
    assert [code for _path, code in refusals(in_acme, {"all": [refers(wide)] * 3})] == ["too_deep"]


def test_a_segment_of_another_organisation_does_not_exist(in_acme: Organisation, other: Organisation) -> None:
    from django_scopes import scope

    with scope(organisation=other):
        theirs = saved(other, "Theirs", {"all": []})
    assert refusals(in_acme, refers(theirs)) == [(("value",), "invalid_value")]


def test_the_same_condition_is_written_once(in_acme: Organisation) -> None:
    rule = {"field": "country", "op": "eq", "value": "FR"}
    compiled = compile_rule({"all": [rule, rule, rule]}, organisation=in_acme, now=NOW)
    assert compiled.condition.count("country") == 1
    assert list(compiled.params.values()) == ["FR"]
