"""A rule in words: "People in France who agreed to the newsletter by e-mail"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.ui.numbers import current_locale, day, moment_text, number
from subscribers.segments.compiling import ReadRule
from subscribers.segments.rules import Group, Node, Not, Test
from subscribers.segments.vocabulary import Kind, Text

MOST_VALUES = 5

PHRASES: dict[str, Text] = {
    "eq": gettext_lazy("whose “%(field)s” is %(value)s"),
    "ne": gettext_lazy("whose “%(field)s” is not %(value)s"),
    "in": gettext_lazy("whose “%(field)s” is %(value)s"),
    "not_in": gettext_lazy("whose “%(field)s” is not %(value)s"),
    "contains": gettext_lazy("whose “%(field)s” contains %(value)s"),
    "starts_with": gettext_lazy("whose “%(field)s” starts with %(value)s"),
    "ends_with": gettext_lazy("whose “%(field)s” ends with %(value)s"),
    "is_set": gettext_lazy("whose “%(field)s” is known"),
    "is_not_set": gettext_lazy("whose “%(field)s” is not known"),
    "lt": gettext_lazy("whose “%(field)s” is below %(value)s"),
    "lte": gettext_lazy("whose “%(field)s” is at most %(value)s"),
    "gt": gettext_lazy("whose “%(field)s” is above %(value)s"),
    "gte": gettext_lazy("whose “%(field)s” is at least %(value)s"),
    "between": gettext_lazy("whose “%(field)s” is between %(value)s"),
    "in_last": gettext_lazy("whose “%(field)s” is in the last %(value)s"),
    "not_in_last": gettext_lazy("whose “%(field)s” is not in the last %(value)s"),
    "has_any": gettext_lazy("whose “%(field)s” has one of %(value)s"),
    "has_all": gettext_lazy("whose “%(field)s” has all of %(value)s"),
    "has_none": gettext_lazy("whose “%(field)s” has none of %(value)s"),
}
DATED_PHRASES: dict[str, Text] = {
    "lt": gettext_lazy("whose “%(field)s” is before %(value)s"),
    "lte": gettext_lazy("whose “%(field)s” is not after %(value)s"),
    "gt": gettext_lazy("whose “%(field)s” is after %(value)s"),
    "gte": gettext_lazy("whose “%(field)s” is not before %(value)s"),
}
TOGETHER = frozenset({"has_all", "between"})


def sentence(read: ReadRule) -> str:
    """The rule as one sentence in the active language."""
    root = read.root
    if isinstance(root, Group) and not root.children:
        return _("Everybody") if root.every else _("Nobody")
    return _("People %(clauses)s") % {"clauses": clause(root, read.segment_names, top=True)}


def clause(node: Node, names: Mapping[int, str], *, top: bool = False) -> str:
    """What follows the word "people" (or "those")."""
    if isinstance(node, Test):
        return test_clause(node, names)
    if isinstance(node, Not):
        return _("who are not among those %(clauses)s") % {"clauses": clause(node.child, names)}
    if not node.children:
        return _("of any kind") if node.every else _("who do not exist")
    parts = [clause(child, names) for child in node.children]
    if len(parts) == 1:
        return parts[0]
    if top and node.every:
        return placed_first(node.children, parts)
    joined = (_(" and ") if node.every else _(" or ")).join(parts)
    return joined if top else f"({joined})"


def placed_first(children: Sequence[Node], parts: list[str]) -> str:
    """The places before everything else, without "and": people in France who …"""
    places = [part for child, part in zip(children, parts, strict=True) if is_place(child)]
    others = [part for child, part in zip(children, parts, strict=True) if not is_place(child)]
    if len(places) != 1 or (others and others[0].startswith("(")):
        return _(" and ").join(places + others)
    return f"{places[0]} {_(' and ').join(others)}".strip()


def is_place(node: Node) -> bool:
    return isinstance(node, Test) and node.field.name == "country" and node.operator in ("eq", "in")


def test_clause(test: Test, names: Mapping[int, str]) -> str:
    """One comparison; the field's own words where it has some."""
    phrase = test.field.phrase(test.operator, test.value) if test.field.phrase else None
    if phrase is None:
        dated = DATED_PHRASES if test.field.kind in (Kind.DATE, Kind.DATETIME) else {}
        phrase = dated.get(test.operator) or PHRASES[test.operator]
    value = value_words(test, names)
    return str(phrase).replace("%(field)s", str(test.field.label)).replace("%(value)s", value)


def value_words(test: Test, names: Mapping[int, str]) -> str:
    value = test.value
    if test.operator in ("in_last", "not_in_last"):
        return ngettext("%(days)s day", "%(days)s days", value) % {"days": number(value)}
    if value is None:
        return ""
    if not isinstance(value, tuple):
        return one_value(test, value, names)
    words = [one_value(test, item, names) for item in value[:MOST_VALUES]]
    if len(value) > MOST_VALUES:
        left = len(value) - MOST_VALUES
        words.append(ngettext("%(count)s more", "%(count)s more", left) % {"count": number(left)})
    return listed(words, together=test.operator in TOGETHER)


def listed(words: Sequence[str], *, together: bool) -> str:
    """a, b or c."""
    if len(words) == 1:
        return words[0]
    last = (_(" and ") if together else _(" or ")) + words[-1]
    return ", ".join(words[:-1]) + last


def one_value(test: Test, value: Any, names: Mapping[int, str]) -> str:
    if test.field.kind is Kind.SEGMENT:
        return f"“{names.get(value, value)}”"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str):
        return str(dict(test.field.options()).get(value, "")) or f"“{value}”"
    return str(format_decimal(value, locale=current_locale(), decimal_quantization=False))
