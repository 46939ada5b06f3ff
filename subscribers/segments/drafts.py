"""The builder's form: a tree of groups and conditions, half-finished ones included, in form fields and back. Pure.

Every node has a path of child numbers (``""`` for the root, ``0.2`` for the third child of the first). A group has a
mode, a condition a field, an operator and values; each is a form field named ``<path>:<what>``, so that the page
works without script: every button posts the whole form and says what to do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from subscribers.segments.rules import MOST_LEVELS, MOST_NODES
from subscribers.segments.vocabulary import WITH_DAYS, WITH_LIST, WITHOUT_VALUE, Kind, RuleField

Path = tuple[int, ...]
MODES = ("all", "any", "none", "not_all")
FIRST_FIELD = "country"


@dataclass
class DraftTest:
    """A condition as typed; ``value`` is what the rule's JSON would hold."""

    field: str
    operator: str
    value: Any = None


@dataclass
class DraftGroup:
    """``mode``: all of, any of, none of, not all of."""

    mode: str = "all"
    children: list[DraftNode] = field(default_factory=list)


DraftNode = DraftTest | DraftGroup


def draft_of(rule: object) -> DraftGroup:
    """The tree to edit for a rule; its root is always a group."""
    node = _draft_node(rule)
    return node if isinstance(node, DraftGroup) else DraftGroup("all", [node])


def _draft_node(rule: Any) -> DraftNode:
    match rule:
        case {"all": list(children)}:
            return DraftGroup("all", [_draft_node(child) for child in children])
        case {"any": list(children)}:
            return DraftGroup("any", [_draft_node(child) for child in children])
        case {"not": child}:
            inner = _draft_node(child)
            if isinstance(inner, DraftGroup) and inner.mode in ("all", "any"):
                return DraftGroup("not_all" if inner.mode == "all" else "none", inner.children)
            return DraftGroup("none", [inner])
        case {"field": str(name), "op": str(operator)}:
            return DraftTest(name, operator, rule.get("value"))
    return DraftGroup()


def rule_of(node: DraftNode) -> dict[str, Any]:
    """The rule's JSON; numbers in a path of it are the numbers of the draft's path."""
    if isinstance(node, DraftTest):
        rule = {"field": node.field, "op": node.operator}
        return rule if node.operator in WITHOUT_VALUE else {**rule, "value": node.value}
    children = [rule_of(child) for child in node.children]
    if node.mode in ("all", "any"):
        return {node.mode: children}
    return {"not": {"any" if node.mode == "none" else "all": children}}


def is_blank(test: DraftTest) -> bool:
    """True while the value has not been given: such a condition is left out of counts, and refused when saving."""
    if test.operator in WITHOUT_VALUE:
        return False
    value = list(test.value.values()) if isinstance(test.value, dict) else test.value
    return value in (None, "", []) or (isinstance(value, list) and any(each in (None, "") for each in value))


def without_blanks(node: DraftGroup) -> tuple[DraftGroup, int]:
    """The tree without unfinished conditions and the groups they leave empty, and how many those were."""
    children: list[DraftNode] = []
    blanks = 0
    for child in node.children:
        if isinstance(child, DraftTest):
            blanks += is_blank(child)
            children += [] if is_blank(child) else [child]
        else:
            kept, left_out = without_blanks(child)
            blanks += left_out
            children += [kept] if kept.children else []
    return DraftGroup(node.mode, children), blanks


# From the form.


def draft_from(form: QueryDict, fields: Mapping[str, RuleField]) -> DraftGroup:
    """Read the posted tree; a node without a parent, or nonsense, is left out."""
    root = DraftGroup(_mode(form.get(":mode", "all")))
    groups: dict[Path, DraftGroup] = {(): root}
    for text in form.getlist("node")[:MOST_NODES]:
        path = path_of(text)
        parent = groups.get(path[:-1]) if path else None
        if parent is None or len(path) >= MOST_LEVELS:
            continue
        if f"{text}:field" in form:
            parent.children.append(_test_from(form, text, fields))
        else:
            groups[path] = DraftGroup(_mode(form.get(f"{text}:mode", "all")))
            parent.children.append(groups[path])
    return root


def path_of(text: str) -> Path:
    """``0.2`` as numbers; the root for anything else."""
    parts = text.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() and len(part) < 4 for part in parts) else ()


def _mode(text: str) -> str:
    return text if text in MODES else "all"


def _test_from(form: QueryDict, path: str, fields: Mapping[str, RuleField]) -> DraftTest:
    name, operator = form.get(f"{path}:field", ""), form.get(f"{path}:op", "")
    known = fields.get(name)
    if known is None:
        return DraftTest(name, operator)
    before = fields.get(form.get(f"{path}:was", name))  # the field that operator and values were chosen for
    given = [text.strip() for text in form.getlist(f"{path}:value")]
    if operator not in known.operators or before is None or before.kind is not known.kind:
        operator = known.operators[0]
    if before is None or before.kind is not known.kind or (before.name != name and known.options()):
        given = []
    return DraftTest(name, operator, value_from(known, operator, given))


def value_from(known: RuleField, operator: str, given: Sequence[str]) -> Any:
    """The JSON value for what was typed; what can't be converted stays text, for the rule's own check to name."""
    if operator in WITHOUT_VALUE:
        return None
    first = given[0] if given else ""
    if operator in WITH_DAYS:
        return {"days": int(first) if first.isdecimal() and len(first) < 10 else first}
    if operator in WITH_LIST:
        parts = given if picks_many(known) else [part for text in given for part in split_list(text)]
        return [converted(known, part) for part in parts if part]
    if operator == "between":
        return [converted(known, part) for part in [*given, "", ""][:2]]
    return converted(known, first)


def picks_many(known: RuleField) -> bool:
    """True when several values are picked from a list, not typed."""
    return known.kind in (Kind.CHOICE, Kind.SEGMENT) or (known.kind is Kind.LIST and known.clean is not None)


def converted(known: RuleField, text: str) -> Any:
    if known.kind is Kind.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if known.kind is Kind.NUMBER:
        plain = text.replace(",", ".").replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
        try:
            return int(plain) if plain.lstrip("-").isdecimal() and len(plain) < 30 else float(plain)
        except ValueError:
            return text
    return text


def split_list(text: str) -> list[str]:
    """``a, b, "c, d"`` as three values."""
    rows = csv.reader(io.StringIO(text.replace("\r", " ").replace("\n", ",")), skipinitialspace=True)
    try:
        return [part.strip() for row in rows for part in row]
    except csv.Error:
        return [part.strip() for part in text.split(",")]


def joined_list(values: Sequence[Any]) -> str:
    """The text that :func:`split_list` reads back."""
    return ", ".join(quoted(str(value)) for value in values)


def quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


# Edits: each gives the path that should have the focus.


def apply_edit(root: DraftGroup, edit: str) -> Path | None:
    """Do what a button says: ``add:0``, ``group:0``, ``remove:0.1``, ``up:0.1``, ``down:0.1``."""
    verb, _colon, place = edit.partition(":")
    path = path_of(place)
    change = {"add": add_test, "group": add_group, "remove": remove, "up": move_up, "down": move_down}.get(verb)
    node = node_at(root, path)
    if change is None or node is None:
        return None
    return change(root, path)


def node_at(root: DraftGroup, path: Path) -> DraftNode | None:
    node: DraftNode = root
    for index in path:
        if not isinstance(node, DraftGroup) or index >= len(node.children):
            return None
        node = node.children[index]
    return node


def group_at(root: DraftGroup, path: Path) -> DraftGroup | None:
    node = node_at(root, path)
    return node if isinstance(node, DraftGroup) else None


def add_test(root: DraftGroup, path: Path) -> Path | None:
    return _append(root, path, DraftTest(FIRST_FIELD, "eq", ""))


def add_group(root: DraftGroup, path: Path) -> Path | None:
    return _append(root, path, DraftGroup("any", [DraftTest(FIRST_FIELD, "eq", "")]))


def _append(root: DraftGroup, path: Path, node: DraftNode) -> Path | None:
    group = group_at(root, path)
    if group is None or len(path) + 2 >= MOST_LEVELS:
        return None
    group.children.append(node)
    return (*path, len(group.children) - 1)


def remove(root: DraftGroup, path: Path) -> Path | None:
    """Take a node out; the focus goes to what follows it, else to what stood before, else to the group."""
    if not path or (parent := group_at(root, path[:-1])) is None:
        return None
    del parent.children[path[-1]]
    if not parent.children:
        return path[:-1]
    return (*path[:-1], min(path[-1], len(parent.children) - 1))


def move_up(root: DraftGroup, path: Path) -> Path | None:
    """One place up in reading order: past a condition, into the end of a group, or out of the own group."""
    if not path or (parent := group_at(root, path[:-1])) is None:
        return None
    index = path[-1]
    if index == 0:
        return _move_out(root, path, after=False)
    before = parent.children[index - 1]
    node = parent.children.pop(index)
    if isinstance(before, DraftGroup):
        before.children.append(node)
        return (*path[:-1], index - 1, len(before.children) - 1)
    parent.children.insert(index - 1, node)
    return (*path[:-1], index - 1)


def move_down(root: DraftGroup, path: Path) -> Path | None:
    """One place down in reading order: past a condition, into the start of a group, or out of the own group."""
    if not path or (parent := group_at(root, path[:-1])) is None:
        return None
    index = path[-1]
    if index == len(parent.children) - 1:
        return _move_out(root, path, after=True)
    after = parent.children[index + 1]
    node = parent.children.pop(index)
    if isinstance(after, DraftGroup):
        after.children.insert(0, node)
        return (*path[:-1], index, 0)
    parent.children.insert(index + 1, node)
    return (*path[:-1], index + 1)


def _move_out(root: DraftGroup, path: Path, *, after: bool) -> Path | None:
    """Out of its group, before or after it; nowhere from the root. An emptied group goes too."""
    parent, grandparent = group_at(root, path[:-1]), group_at(root, path[:-2])
    if len(path) < 2 or parent is None or grandparent is None:
        return None
    place = path[-2] + (1 if after else 0)
    node = parent.children.pop(path[-1])
    if not parent.children:
        place = path[-2]
        del grandparent.children[place]
    grandparent.children.insert(place, node)
    return (*path[:-2], place)
