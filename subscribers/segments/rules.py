"""The rule language: from JSON to a tree of nodes, with every problem found and its path. Pure.

``{"all": [...]}``, ``{"any": [...]}``, ``{"not": rule}``, ``{"field": f, "op": o, "value": v}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as column
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.segments.errors import InvalidRuleError
from subscribers.segments.values import InvalidValueError, read_value
from subscribers.segments.vocabulary import Kind, RuleField, Text

EVERYBODY: dict[str, Any] = {"all": []}
MOST_LEVELS = 10
MOST_NODES = 300

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Group:
    """``every`` child must match, or any of them."""

    every: bool
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    child: Node


@dataclass(frozen=True)
class Test:
    """One field compared with one parsed value."""

    field: RuleField
    operator: str
    value: Any
    path: Path = column(compare=False, default=())

    __test__ = False  # for pytest, which would take it for a test class


Node = Group | Not | Test


def field_names(rule: object, depth: int = 0) -> set[str]:
    """Every field a rule names, whether or not it exists; never raises."""
    if not isinstance(rule, dict) or depth > MOST_LEVELS:
        return set()
    names = {rule["field"]} if isinstance(rule.get("field"), str) else set()
    children = [child for key in ("all", "any") if isinstance(rule.get(key), list) for child in rule[key]]
    for child in [*children[:MOST_NODES], rule.get("not")]:
        names |= field_names(child, depth + 1)
    return names


def parse_rule(rule: object, fields: Mapping[str, RuleField]) -> Node:
    """The tree of a rule over these fields; raises InvalidRuleError with every problem in it."""
    parser = _Parser(fields)
    node = parser.node(rule, (), 1)
    if parser.problems or node is None:
        raise InvalidRuleError(errors=parser.problems)
    return node


def tests_of(node: Node) -> Iterator[Test]:
    """The comparisons of a tree, from left to right."""
    match node:
        case Test():
            yield node
        case Not(child):
            yield from tests_of(child)
        case Group(children=children):
            for each in children:
                yield from tests_of(each)


def referred_to(test: Test) -> tuple[int, ...]:
    """The ids of the segments a comparison refers to."""
    if test.field.kind is not Kind.SEGMENT:
        return ()
    return test.value if isinstance(test.value, tuple) else (test.value,)


def segments_named(node: Node) -> dict[int, Path]:
    """The ids of the segments a tree refers to, each with the path of its first mention."""
    found: dict[int, Path] = {}
    for test in tests_of(node):
        for segment_id in referred_to(test):
            found.setdefault(segment_id, (*test.path, "value"))
    return found


def segment_ids(rule: object) -> set[int]:
    """The ids of the segments a stored rule refers to, without resolving its fields."""
    if not isinstance(rule, dict):
        return set()
    if rule.get("field") == "segment":
        given: Any = rule.get("value")
        return {int(each) for each in (given if isinstance(given, list) else [given]) if str(each).isdecimal()}
    children = [*rule.get("all", ()), *rule.get("any", ()), rule.get("not")]
    return set().union(*(segment_ids(child) for child in children))


class _Parser:
    """Walks a rule once and keeps what is wrong with it."""

    def __init__(self, fields: Mapping[str, RuleField]) -> None:
        self.fields = fields
        self.problems: list[FieldProblem] = []
        self.nodes = 0

    def refuse(self, path: Path, code: str, detail: Text) -> None:
        self.problems.append(FieldProblem(path, code, detail))

    def node(self, rule: Any, path: Path, level: int) -> Node | None:
        self.nodes += 1
        if level > MOST_LEVELS or self.nodes > MOST_NODES:
            if not any(problem.code == "too_deep" for problem in self.problems):
                self.refuse(path, "too_deep", _("A rule may have 10 levels and 300 conditions at most."))
            return None
        match rule:
            case {"all": list(children)} if len(rule) == 1:
                return self.group(children, (*path, "all"), level, every=True)
            case {"any": list(children)} if len(rule) == 1:
                return self.group(children, (*path, "any"), level, every=False)
            case {"not": child} if len(rule) == 1:
                inner = self.node(child, (*path, "not"), level + 1)
                return Not(inner) if inner is not None else None
            case {"field": _, "op": _} if set(rule) <= {"field", "op", "value"}:
                return self.test(rule, path)
        self.refuse(path, "malformed", _("Write all, any, not, or a field with an operator and a value."))
        return None

    def group(self, children: list[object], path: Path, level: int, *, every: bool) -> Group:
        found = []
        for index, child in enumerate(children):
            if self.nodes > MOST_NODES:
                break
            node = self.node(child, (*path, index), level + 1)
            if node is not None:
                found.append(node)
        return Group(every, tuple(found))

    def test(self, rule: Mapping[str, object], path: Path) -> Test | None:
        name, operator = rule["field"], rule["op"]
        known = self.fields.get(name) if isinstance(name, str) else None
        if known is None:
            self.refuse((*path, "field"), "unknown_field", _("There is no such field."))
            return None
        if operator not in known.operators:
            self.refuse((*path, "op"), "unknown_operator", _("This field does not know this operator."))
            return None
        try:
            return Test(known, str(operator), read_value(known, str(operator), rule.get("value")), path)
        except InvalidValueError as error:
            self.refuse((*path, "value"), "invalid_value", error.detail)
            return None
