"""From a rule to one SQL condition with bound named parameters: no text of a user ever becomes SQL.

Names are resolved first (fields, purposes, other segments: one query each and level), then bound as ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from portal.errors import FieldProblem
from subscribers.segments.conditions import Writer
from subscribers.segments.errors import InvalidRuleError
from subscribers.segments.models import Segment
from subscribers.segments.rules import (
    Group,
    Node,
    Not,
    Path,
    field_names,
    parse_rule,
    referred_to,
    segments_named,
    tests_of,
)
from subscribers.segments.vocabulary import COMPLEMENTS, RuleField, Text, fields_named

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

MOST_REFERENCES = 5
MOST_CONDITIONS = 500


@dataclass(frozen=True)
class CompiledRule:
    """``condition``: boolean SQL over alias ``c`` of ``subscribers_contact``; ``params``: its ``%(seg_n)s``."""

    condition: str
    params: dict[str, Any]


@dataclass(frozen=True)
class ReadRule:
    """A rule and all that it refers to, with every name resolved."""

    root: Node
    segments: dict[int, Node] = field(default_factory=dict)
    segment_names: dict[int, str] = field(default_factory=dict)


def compile_rule(rule: object, *, organisation: Organisation, now: datetime) -> CompiledRule:
    """The condition of a rule at a moment; raises InvalidRuleError (``invalid_rule``, 422)."""
    return write_rule(read_rule(rule, organisation=organisation), organisation=organisation, now=now)


def write_rule(read: ReadRule, *, organisation: Organisation, now: datetime) -> CompiledRule:
    writer = Writer(organisation.pk, now, organisation.zone, read.segments)
    return CompiledRule(write_node(writer, read.root), writer.params)


def matching_sql(organisation_id: int, compiled: CompiledRule) -> tuple[str, dict[str, Any]]:
    """A statement that selects the id of every matching contact, and its parameters."""
    statement = (
        "SELECT c.id FROM subscribers_contact c"  # noqa: S608 - the condition is of our own writing
        f" WHERE c.organisation_id = (SELECT %(seg_organisation)s::bigint) AND ({compiled.condition})"
    )
    return statement, {**compiled.params, "seg_organisation": organisation_id}


def write_node(writer: Writer, node: Node, *, negated: bool = False) -> str:
    """The SQL of a tree; ``not`` is pushed down to the comparisons, where it can become an anti-join."""
    if isinstance(node, Not):
        return write_node(writer, node.child, negated=not negated)
    if isinstance(node, Group):
        parts = dict.fromkeys(f"({write_node(writer, child, negated=negated)})" for child in node.children)
        every = node.every != negated
        return (" AND " if every else " OR ").join(parts) or ("TRUE" if every else "FALSE")
    operator = COMPLEMENTS.get(node.operator, node.operator)
    condition = node.field.condition(writer, operator, node.value)
    return condition.complement if (operator != node.operator) != negated else condition.sql


def read_rule(rule: object, *, organisation: Organisation, own_id: int | None = None) -> ReadRule:
    """Parse a rule and the segments it refers to, level by level.

    ``own_id`` is the segment being changed, which must not be reached. Raises InvalidRuleError.
    """
    fields = fields_named(organisation, field_names(rule))
    root = parse_rule(rule, fields)
    read = ReadRule(root)
    paths = segments_named(root)
    for _level in range(MOST_REFERENCES):
        if not paths:
            break
        paths = _read_segments(read, paths, organisation, fields)
    if paths:
        raise _problem(next(iter(paths.values())), "too_deep", _("Segments may refer to each other 5 levels deep."))
    _refuse_cycles(read, own_id)
    _refuse_bulk(read)
    return read


def _problem(path: Path, code: str, detail: Text) -> InvalidRuleError:
    return InvalidRuleError(errors=[FieldProblem(path, code, detail)])


def _read_segments(
    read: ReadRule, paths: dict[int, Path], organisation: Organisation, fields: dict[str, RuleField]
) -> dict[int, Path]:
    """Add these segments to what was read; gives those that they refer to and that are not read yet."""
    with scope(organisation=organisation):
        found = Segment.objects.filter(organisation=organisation, archived_at=None).in_bulk(list(paths))
    names = set().union(*(field_names(segment.rule) for segment in found.values())) - set(fields)
    fields |= fields_named(organisation, names)
    further: dict[int, Path] = {}
    for segment_id, path in paths.items():
        if segment_id not in found:
            raise _problem(path, "invalid_value", _("There is no such segment."))
        try:
            node = parse_rule(found[segment_id].rule, fields)
        except InvalidRuleError:
            raise _problem(path, "invalid_value", _("This segment's own rule has a mistake.")) from None
        read.segments[segment_id] = node
        read.segment_names[segment_id] = found[segment_id].name
        further |= dict.fromkeys(segments_named(node), path)
    return {each: path for each, path in further.items() if each not in read.segments}


def _refuse_cycles(read: ReadRule, own_id: int | None) -> None:
    """Raise when a segment leads back to itself; each segment is looked into once."""
    finished: set[int] = set()

    def walk(segment_id: int, path: Path, above: tuple[int, ...]) -> None:
        if segment_id in above:
            raise _problem(path, "cycle", _("This segment refers back to itself."))
        if segment_id not in finished:
            for each in segments_named(read.segments[segment_id]):
                walk(each, path, (*above, segment_id))
            finished.add(segment_id)

    for segment_id, path in segments_named(read.root).items():
        walk(segment_id, path, () if own_id is None else (own_id,))


def _refuse_bulk(read: ReadRule) -> None:
    """Raise when the rule, with all that it refers to written out, has too many conditions."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        references = (each for test in tests_of(node) for each in referred_to(test))
        return sum(1 for _test in tests_of(node)) + sum(size_of(each) for each in references)

    def size_of(segment_id: int) -> int:
        if segment_id not in sizes:
            sizes[segment_id] = size(read.segments[segment_id])
        return sizes[segment_id]

    if size(read.root) > MOST_CONDITIONS:
        raise _problem((), "too_deep", _("With the segments it refers to, the rule has over 500 conditions."))
