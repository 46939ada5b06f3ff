"""The words of the rule language: kinds of fields, their operators, and who provides which fields.

A *family* provides the fields whose first word it registered: ``country``, ``attributes.<key>``,
``consent.<purpose>.<channel>``. Apps above this one add theirs with :func:`register_field_family` when they start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.functional import Promise

if TYPE_CHECKING:
    from portal.organisations.models import Organisation
    from subscribers.segments.conditions import Condition, Writer

Text = str | Promise
Options = Sequence[tuple[str, Text]]


class Kind(StrEnum):
    """What values a field has, which settles its operators."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    LIST = "list"
    SEGMENT = "segment"


_EQUAL = ("eq", "ne")
_AMONG = ("in", "not_in")
_SET = ("is_set", "is_not_set")
_ORDER = ("lt", "lte", "gt", "gte", "between")
_RECENT = ("in_last", "not_in_last")

OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*_EQUAL, *_AMONG, "contains", "starts_with", "ends_with", *_SET),
    Kind.NUMBER: (*_EQUAL, *_AMONG, *_ORDER, *_SET),
    Kind.BOOLEAN: (*_EQUAL, *_SET),
    Kind.DATE: (*_RECENT, *_EQUAL, *_ORDER, *_SET),
    Kind.DATETIME: (*_RECENT, *_EQUAL, *_ORDER, *_SET),
    Kind.CHOICE: (*_EQUAL, *_AMONG, *_SET),
    Kind.LIST: ("has_any", "has_all", "has_none", *_SET),
    Kind.SEGMENT: (*_EQUAL, *_AMONG),
}

# A negative operator is the exact complement of its twin, absent values included: people without the value match.
COMPLEMENTS = {"ne": "eq", "not_in": "in", "has_none": "has_any", "not_in_last": "in_last", "is_not_set": "is_set"}

WITHOUT_VALUE = frozenset(_SET)
WITH_LIST = frozenset({"in", "not_in", "has_any", "has_all", "has_none"})
WITH_DAYS = frozenset(_RECENT)


@dataclass(frozen=True)
class RuleField:
    """A field of the language in one organisation.

    ``condition`` writes the SQL of a positive operator with a parsed value; ``clean`` turns one text value into the
    stored form or raises ``ValueError``; ``options`` are the values a CHOICE can take, or suggestions; ``phrase``
    gives (operator, value) its own words, or None for the usual ones.
    """

    name: str
    label: Text
    kind: Kind
    group: Text
    condition: Callable[[Writer, str, Any], Condition]
    options: Callable[[], Options] = tuple
    clean: Callable[[str], str] | None = None
    phrase: Callable[[str, Any], Text | None] | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        return OPERATORS[self.kind]


class FieldFamily(Protocol):
    """Provides fields; both methods take a constant number of queries."""

    def named(self, organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
        """The fields among these names that exist."""

    def offered(self, organisation: Organisation) -> list[RuleField]:
        """Every field, for the builder."""


_families: dict[str, FieldFamily] = {}


def register_field_family(prefix: str, family: FieldFamily) -> None:
    """Let a family answer for every field whose name is ``prefix`` or begins with ``prefix.``."""
    _families[prefix] = family


def fields_named(organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
    """The fields that exist among these names, each family asked once."""
    by_prefix: dict[str, set[str]] = {}
    for name in names:
        by_prefix.setdefault(name.partition(".")[0], set()).add(name)
    found: dict[str, RuleField] = {}
    for prefix, asked in by_prefix.items():
        if prefix in _families:
            found |= _families[prefix].named(organisation, asked)
    return found


def fields_offered(organisation: Organisation) -> list[RuleField]:
    """Every field of the organisation, for the builder, in the order of registration."""
    families = dict.fromkeys(_families.values())
    return [field for family in families for field in family.offered(organisation)]
