"""What the builder page shows: each condition with its choices and its widget, each group with its mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.segments.drafts import (
    MODES,
    DraftGroup,
    DraftNode,
    DraftTest,
    Path,
    joined_list,
    picks_many,
)
from subscribers.segments.vocabulary import WITH_DAYS, WITH_LIST, WITHOUT_VALUE, Kind, Options, RuleField, Text

MODE_LABELS: dict[str, Text] = {
    "all": _("all of these"),
    "any": _("at least one of these"),
    "none": _("none of these"),
    "not_all": _("not all of these"),
}
OPERATOR_LABELS: dict[str, Text] = {
    "eq": _("is"),
    "ne": _("is not"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "contains": _("contains"),
    "starts_with": _("starts with"),
    "ends_with": _("ends with"),
    "is_set": _("is known"),
    "is_not_set": _("is not known"),
    "lt": _("is below"),
    "lte": _("is at most"),
    "gt": _("is above"),
    "gte": _("is at least"),
    "between": _("is between"),
    "in_last": _("is in the last"),
    "not_in_last": _("is not in the last"),
    "has_any": _("has one of"),
    "has_all": _("has all of"),
    "has_none": _("has none of"),
}
DATED_LABELS: dict[str, Text] = {
    "lt": _("is before"),
    "lte": _("is on or before"),
    "gt": _("is after"),
    "gte": _("is on or after"),
}
DATED = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True)
class Choice:
    value: str
    label: Text
    selected: bool = False


@dataclass(frozen=True)
class TestView:
    """A condition as drawn; ``widget``: none, select, selects, boolean, days, pair, list or one."""

    path: str
    field: str
    field_label: Text
    field_groups: Sequence[tuple[Text, Sequence[Choice]]]
    operators: Sequence[Choice]
    widget: str
    input_type: str
    values: Sequence[str]
    choices: Sequence[Choice]
    suggestions: Sequence[str]
    problems: Sequence[Text]
    focus: bool
    is_group: bool = False

    __test__ = False


@dataclass(frozen=True)
class GroupView:
    path: str
    modes: Sequence[Choice]
    mode: str
    children: Sequence[TestView | GroupView]
    problems: Sequence[Text]
    focus: bool
    is_root: bool
    is_group: bool = True


@dataclass
class Builder:
    """Turns a draft into what the templates draw."""

    fields: Mapping[str, RuleField]
    problems: Mapping[Path, Sequence[Text]] = field(default_factory=dict)
    focus: Path | None = None
    _options: dict[str, Options] = field(default_factory=dict)

    def view(self, node: DraftNode, path: Path = ()) -> TestView | GroupView:
        text = ".".join(map(str, path))
        problems, focus = self.problems.get(path, ()), path == self.focus
        if isinstance(node, DraftTest):
            return self._test(node, text, problems, focus)
        modes = [Choice(mode, MODE_LABELS[mode], mode == node.mode) for mode in MODES]
        children = [self.view(child, (*path, index)) for index, child in enumerate(node.children)]
        return GroupView(text, modes, node.mode, children, problems, focus, is_root=not path)

    def _test(self, node: DraftTest, path: str, problems: Sequence[Text], focus: bool) -> TestView:
        known = self.fields.get(node.field)
        widget = widget_for(known, node.operator) if known else "none"
        return TestView(
            path=path,
            field=node.field,
            field_label=known.label if known else node.field,
            field_groups=self._field_groups(node.field),
            operators=operator_choices(known, node.operator),
            widget=widget,
            input_type=input_type(known, node.value),
            values=shown_values(node, widget),
            choices=self._choices(known, node) if known and widget in ("select", "selects") else (),
            suggestions=[value for value, _label in self._options_of(known)] if known and widget == "list" else (),
            problems=problems,
            focus=focus,
        )

    def _options_of(self, known: RuleField) -> Options:
        """Read once for a page, however many conditions ask about the field."""
        if known.name not in self._options:
            self._options[known.name] = known.options()
        return self._options[known.name]

    def _choices(self, known: RuleField, node: DraftTest) -> list[Choice]:
        given = [str(value) for value in (node.value if isinstance(node.value, list) else [node.value])]
        choices = [Choice(value, label, value in given) for value, label in self._options_of(known)]
        # Where several can be picked, those picked come first: the box shows only a few.
        return sorted(choices, key=lambda choice: not choice.selected) if isinstance(node.value, list) else choices

    def _field_groups(self, selected: str) -> list[tuple[Text, list[Choice]]]:
        groups: dict[str, list[Choice]] = {}
        for known in self.fields.values():
            groups.setdefault(str(known.group), []).append(Choice(known.name, known.label, known.name == selected))
        if selected not in self.fields:
            groups.setdefault("", []).append(Choice(selected, selected, selected=True))
        return list(groups.items())


def operator_choices(known: RuleField | None, selected: str) -> list[Choice]:
    if known is None:
        return [Choice(selected, selected, selected=True)]
    labels = OPERATOR_LABELS | (DATED_LABELS if known.kind in DATED else {})
    return [Choice(operator, labels[operator], operator == selected) for operator in known.operators]


def widget_for(known: RuleField, operator: str) -> str:
    if operator in WITHOUT_VALUE:
        return "none"
    if operator in WITH_DAYS:
        return "days"
    if operator in WITH_LIST:
        return "selects" if picks_many(known) else "list"
    if operator == "between":
        return "pair"
    if known.kind is Kind.BOOLEAN:
        return "boolean"
    return "select" if known.kind in (Kind.CHOICE, Kind.SEGMENT) else "one"


def input_type(known: RuleField | None, value: Any) -> str:
    """``date`` for days, ``number`` for numbers; text for a moment, which a date box would lose."""
    if known is None or known.kind not in (*DATED, Kind.NUMBER):
        return "text"
    if known.kind is Kind.NUMBER:
        return "number"
    values = value if isinstance(value, list) else [value]
    return "date" if all(value in ("", None) or is_day(value) for value in values) else "text"


def is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def shown_values(node: DraftTest, widget: str) -> list[str]:
    """What stands in the boxes."""
    value = node.value
    if widget == "days":
        return [shown(value.get("days") if isinstance(value, dict) else "")]
    if widget == "list":
        return [joined_list(value)] if isinstance(value, list) and value else [""]
    if widget == "pair":
        return [shown(each) for each in [*(value if isinstance(value, list) else []), "", ""][:2]]
    return [shown(value)]


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, list | dict) else str(value)


def problems_by_path(problems: Sequence[FieldProblem]) -> dict[Path, list[Text]]:
    """The problems of a rule by the condition or group they belong to: the numbers of their path."""
    found: dict[Path, list[Text]] = {}
    for problem in problems:
        path = tuple(part for part in problem.loc if isinstance(part, int))
        found.setdefault(path, []).append(problem.detail)
    return found


def first_draft() -> DraftGroup:
    """Where a new segment begins: one unfinished condition."""
    return DraftGroup("all", [DraftTest("country", "eq", "")])
