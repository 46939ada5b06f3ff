"""The builder's form: what it posts is the rule it showed, and its buttons move things where they say."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from subscribers.segments.drafts import (
    DraftGroup,
    DraftTest,
    apply_edit,
    draft_of,
    joined_list,
    rule_of,
    split_list,
    without_blanks,
)
from tests.subscribers.segments.generated import rules
from tests.subscribers.segments.interpreter import Interpreter


def tree(*names: Any) -> DraftGroup:
    """A group with a condition for each name, and a group for each tuple of names."""
    return DraftGroup("all", [tree(*name) if isinstance(name, tuple) else DraftTest(name, "is_set") for name in names])


def names(group: DraftGroup) -> list[Any]:
    return [each.field if isinstance(each, DraftTest) else tuple(names(each)) for each in group.children]


@pytest.mark.parametrize(
    ("edit", "result", "focus"),
    [
        ("up:1", ["b", "a", ("c", "d")], (0,)),
        ("up:0", ["a", "b", ("c", "d")], None),
        ("down:1", ["a", ("b", "c", "d")], (1, 0)),
        ("up:2.0", ["a", "b", "c", ("d",)], (2,)),
        ("down:2.1", ["a", "b", ("c",), "d"], (3,)),
        ("down:2.0", ["a", "b", ("d", "c")], (2, 1)),
        ("up:2", ["a", ("c", "d"), "b"], (1,)),
        ("remove:0", ["b", ("c", "d")], (0,)),
        ("remove:2.1", ["a", "b", ("c",)], (2, 0)),
        ("add:2", ["a", "b", ("c", "d", "country")], (2, 2)),
        ("group:", ["a", "b", ("c", "d"), ("country",)], (3,)),
        ("up:9", ["a", "b", ("c", "d")], None),
        ("remove:", ["a", "b", ("c", "d")], None),
        ("explode:0", ["a", "b", ("c", "d")], None),
        ("up:x.y", ["a", "b", ("c", "d")], None),
    ],
)
def test_buttons_edit_the_tree(edit: str, result: list[Any], focus: tuple[int, ...] | None) -> None:
    root = tree("a", "b", ("c", "d"))
    assert apply_edit(root, edit) == focus
    assert names(root) == result


def test_a_group_that_loses_its_last_condition_goes() -> None:
    root = tree("a", ("b",))
    apply_edit(root, "up:1.0")
    assert names(root) == ["a", "b"]


def test_moving_down_again_and_again_visits_every_place() -> None:
    root, path = tree("x", "a", ("b", ("c",)), "d"), "0"
    seen = []
    while (focus := apply_edit(root, f"down:{path}")) is not None:
        path = ".".join(map(str, focus))
        seen.append(path)
    assert seen == ["1", "1.0", "1.1", "1.1.0", "1.1.1", "1.2", "2", "3"]


@settings(max_examples=200, deadline=None, database=None)
@given(rules())
def test_the_builder_keeps_the_meaning_of_every_rule(rule: dict[str, Any]) -> None:
    """Once through the builder a rule is in its form, and stays as it is from then on."""
    once = rule_of(draft_of(rule))
    assert rule_of(draft_of(once)) == once
    assert meaning(once) == meaning(rule)


def meaning(rule: dict[str, Any]) -> list[bool]:
    """How the rule decides when its conditions are true or false by their own text, in several ways."""

    class ByText(Interpreter):
        def __init__(self, salt: int) -> None:
            self.salt = salt

        def matches(self, rule: dict[str, Any], person: dict[str, Any]) -> bool:
            if "field" in rule:
                return (sum(map(ord, repr(sorted(rule.items(), key=str)))) + self.salt) % 3 == 0
            return super().matches(rule, person)

    return [ByText(salt).matches(rule, {}) for salt in range(3)]


@pytest.mark.parametrize("values", [["a"], ["a", "b"], ["a, b", "c"], ['say "x"', "y"], ["vip"]])
def test_lists_survive_the_text_box(values: list[str]) -> None:
    assert split_list(joined_list(values)) == values


def test_unfinished_conditions_are_left_out_of_the_count_with_their_empty_groups() -> None:
    root = DraftGroup("all", [DraftTest("country", "eq", ""), DraftGroup("none", [DraftTest("tags", "has_any", [])])])
    kept, blanks = without_blanks(root)
    assert (names(kept), blanks) == ([], 2)


def test_nonsense_in_the_form_is_left_out() -> None:
    from subscribers.segments.drafts import draft_from

    form = QueryDict("node=5.5&node=x&node=&node=0&0:field=nothing&0:op=eq&:mode=sideways&node=1&1:mode=any")
    assert names(draft_from(form, {})) == ["nothing", ()]
