"""The field ``segment``: people whom another segment finds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from subscribers.segments.conditions import Condition, Writer
from subscribers.segments.models import Segment
from subscribers.segments.vocabulary import Kind, Options, RuleField, Text

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

MOST_OFFERED = 500


def segment_condition(writer: Writer, operator: str, value: Any) -> Condition:
    """The conditions of the other segments, on the same row: no subquery, whatever the nesting (lessons, case 21)."""
    from subscribers.segments.compiling import write_node

    ids = value if operator == "in" else (value,)
    return Condition(" OR ".join(f"({write_node(writer, writer.segments[each])})" for each in ids))


def segment_phrase(operator: str, _value: Any) -> Text:
    return {
        "eq": _("in the segment %(value)s"),
        "in": _("in one of the segments %(value)s"),
        "ne": _("not in the segment %(value)s"),
        "not_in": _("in none of the segments %(value)s"),
    }[operator]


class SegmentFields:
    """The family of one field."""

    def named(self, organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
        return {field.name: field for field in self.offered(organisation) if field.name in names}

    def offered(self, organisation: Organisation) -> list[RuleField]:
        return [
            RuleField(
                name="segment",
                label=_("Segment"),
                kind=Kind.SEGMENT,
                group=_("Other segments"),
                condition=segment_condition,
                options=segment_options(organisation),
                phrase=segment_phrase,
            )
        ]


def segment_options(organisation: Organisation) -> Callable[[], Options]:
    """The segments by name, read when a page asks for them."""

    def read() -> Options:
        with scope(organisation=organisation):
            found = Segment.objects.filter(organisation=organisation, archived_at=None).order_by("name")
            return [(str(key), name) for key, name in found.values_list("pk", "name")[:MOST_OFFERED]]

    return read
