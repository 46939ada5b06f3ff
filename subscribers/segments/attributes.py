"""The fields an organisation has declared: ``attributes.<key>``, read from JSON by their declared type."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from subscribers.fields.models import Field, FieldType
from subscribers.segments.conditions import (
    Condition,
    ConditionWriter,
    Writer,
    iso_second,
    moment_condition,
    ordered_condition,
    text_condition,
)
from subscribers.segments.vocabulary import Kind, Options, RuleField

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

PREFIX = "attributes."
GROUP = _("Fields")

KINDS = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.BOOLEAN: Kind.BOOLEAN,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.DATETIME,
    FieldType.CHOICE: Kind.CHOICE,
    FieldType.CHOICES: Kind.LIST,
}


def as_text(key: str) -> Callable[[Writer], str]:
    return lambda writer: f"(c.attributes ->> {writer.bind(key, 'text')})"


def as_number(key: str) -> Callable[[Writer], str]:
    """A number, NULL for anything else; CASE, because AND does not keep a cast from being tried first."""

    def source(writer: Writer) -> str:
        value = f"c.attributes -> {writer.bind(key, 'text')}"
        return f"(CASE jsonb_typeof({value}) WHEN 'number' THEN ({value})::numeric END)"

    return source


def as_day(key: str) -> Callable[[Writer], str]:
    """A day in ISO form, which sorts as text; NULL when empty."""
    return lambda writer: f"nullif(c.attributes ->> {writer.bind(key, 'text')}, '') COLLATE \"C\""


def as_second(key: str) -> Callable[[Writer], str]:
    """A moment in UTC to the second, which sorts as text."""
    return lambda writer: f"nullif(left(c.attributes ->> {writer.bind(key, 'text')}, 19), '') COLLATE \"C\""


def boolean_condition(key: str) -> ConditionWriter:
    def write(writer: Writer, operator: str, value: Any) -> Condition:
        source = f"(c.attributes -> {writer.bind(key, 'text')})"
        if operator == "is_set":
            return Condition(f"jsonb_typeof({source}) = 'boolean'")
        return Condition(f"{source} = {writer.bind(json.dumps(value), 'jsonb')}")

    return write


def choices_condition(key: str) -> ConditionWriter:
    """A list of choices; ``?|`` and ``?&`` look into strings too, hence the test of the type."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        source = f"(c.attributes -> {writer.bind(key, 'text')})"
        is_list = f"jsonb_typeof({source}) = 'array'"
        if operator == "is_set":
            return Condition(f"{is_list} AND {source} <> '[]'::jsonb")
        test = "?|" if operator == "has_any" else "?&"
        return Condition(f"{is_list} AND {source} {test} {writer.bind(list(value), 'text[]')}")

    return write


CONDITIONS: dict[str, Callable[[str], ConditionWriter]] = {
    FieldType.TEXT: lambda key: text_condition(as_text(key), fold=True),
    FieldType.NUMBER: lambda key: ordered_condition(as_number(key), "numeric"),
    FieldType.BOOLEAN: boolean_condition,
    FieldType.DATE: lambda key: ordered_condition(as_day(key), "text", date.isoformat),
    FieldType.DATETIME: lambda key: moment_condition(as_second(key), "text", iso_second, timedelta(seconds=1)),
    FieldType.CHOICE: lambda key: text_condition(as_text(key)),
    FieldType.CHOICES: choices_condition,
}


def attribute_field(declared: Field) -> RuleField:
    return RuleField(
        name=f"{PREFIX}{declared.key}",
        label=declared.label,
        kind=KINDS[FieldType(declared.type)],
        group=GROUP,
        condition=CONDITIONS[declared.type](declared.key),
        options=declared_options(declared),
        clean=one_of(declared.choices) if declared.type == FieldType.CHOICES else None,
    )


def declared_options(declared: Field) -> Callable[[], Options]:
    return lambda: [(choice, choice) for choice in declared.choices]


def one_of(choices: Collection[str]) -> Callable[[str], str]:
    """Refuses, by ValueError, what is not among the choices."""

    def clean(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return clean


class AttributeFields:
    """The family of declared fields: one query."""

    def named(self, organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
        keys = [name.removeprefix(PREFIX) for name in names]
        with scope(organisation=organisation):
            found = [attribute_field(each) for each in Field.objects.filter(organisation=organisation, key__in=keys)]
        return {each.name: each for each in found}

    def offered(self, organisation: Organisation) -> list[RuleField]:
        with scope(organisation=organisation):
            return [attribute_field(each) for each in Field.objects.filter(organisation=organisation)]
