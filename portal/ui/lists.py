"""Lists of millions of rows: search, filters, sort and keyset pages, all kept in the address.

The cursor in the address is the id of the row at the edge, never its value, so no personal data gets into
a URL that way. Nothing is counted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import HttpRequest, QueryDict

from portal.ui.components import Text

SIZES = (25, 50, 100)
Choices = Iterable[tuple[str, Text]]


@dataclass(frozen=True)
class Column:
    """``sort`` names a NOT NULL column or annotation; a column without it cannot be sorted by."""

    key: str
    label: Text
    sort: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Filter:
    """One select box above the list; ``choices`` are pairs or a callable that gives them."""

    name: str
    label: Text
    choices: Choices | Callable[[], Choices] = ()
    kind: str = "select"

    def options(self) -> list[tuple[str, Text]]:
        pairs = self.choices() if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in pairs if value != ""]

    def accepted(self, value: str) -> str:
        """The value when it is one of ours; anything else counts as not given."""
        if self.kind != "select":
            return value[:200]
        return value if value in {known for known, _label in self.options()} else ""


@dataclass(frozen=True)
class Heading:
    """A column head as drawn: where a click leads, and how the list is sorted now."""

    column: Column
    url: str
    direction: str


@dataclass(frozen=True)
class ListSpec:
    """What a list page offers; ``read`` gives what this request asks of it."""

    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Text = ""
    default_sort: str = "-pk"
    default_size: int = SIZES[0]

    def read(self, request: HttpRequest) -> "Listing":
        """Parse the address; nonsense in it counts as not given."""
        given = request.GET
        found = {item.name: item.accepted(given.get(item.name, "")) for item in self.filters}
        size = given.get("size", "")
        return Listing(
            spec=self,
            path=request.path,
            params=given,
            search=given.get("q", "").replace("\x00", "").strip()[:200],
            filters={name: value for name, value in found.items() if value},
            sort=self._known_sort(given.get("sort", "")),
            size=int(size) if size in {str(known) for known in SIZES} else self.default_size,
            after=row_id(given.get("after", "")),
            before=row_id(given.get("before", "")),
        )

    def _known_sort(self, asked: str) -> str:
        known = {column.sort for column in self.columns if column.sort}
        return asked if asked.removeprefix("-") in known else self.default_sort


def row_id(text: str) -> str:
    """The id of an edge row as it stands in the address: a number or a UUID, else nothing."""
    return text if 0 < len(text) <= 36 and text.replace("-", "").isalnum() else ""


@dataclass
class Listing:
    """One page of a list: what was asked, then (after ``load``) the rows and the way onwards."""

    spec: ListSpec
    path: str
    params: QueryDict
    search: str
    filters: dict[str, str]
    sort: str
    size: int
    after: str = ""
    before: str = ""
    rows: list[Any] = field(default_factory=list)
    next_id: str = ""
    previous_id: str = ""

    def load(self, queryset: QuerySet[Any, Any]) -> None:
        """Fetch this page of the queryset, at most two queries; fills ``rows`` and the edges."""
        name = self.sort.removeprefix("-")
        edge = self._edge(queryset, name)
        backwards = bool(self.before) and edge is not None
        descending = self.sort.startswith("-") != backwards
        if edge is not None:
            queryset = queryset.filter(self._beyond(name, edge, descending=descending))
        sign = "-" if descending else ""
        found = list(queryset.order_by(f"{sign}{name}", f"{sign}pk")[: self.size + 1])
        more, rows = len(found) > self.size, found[: self.size]
        if backwards:
            rows.reverse()
        self.rows = rows
        if rows:
            self.next_id = str(rows[-1].pk) if more or backwards else ""
            self.previous_id = str(rows[0].pk) if (more if backwards else edge is not None) else ""

    def load_rows(self, rows: Sequence[Any], *, next_id: object = "", previous_id: object = "") -> None:
        """Take a page that hand-written SQL has read by ``after``, ``before`` and ``size``."""
        self.rows = list(rows)
        self.next_id, self.previous_id = str(next_id or ""), str(previous_id or "")

    def _edge(self, queryset: QuerySet[Any, Any], name: str) -> tuple[Any, ...] | None:
        cursor = self.after or self.before
        if not cursor:
            return None
        try:
            key = queryset.model._meta.pk.to_python(cursor)
        except Exception:  # any field's own error: the cursor is not ours
            return None
        return queryset.order_by().filter(pk=key).values_list(name, "pk").first()

    @staticmethod
    def _beyond(name: str, edge: tuple[Any, ...], *, descending: bool) -> TupleGreaterThan | TupleLessThan:
        """A row comparison, which PostgreSQL answers from an index on (name, id)."""
        lookup = TupleLessThan if descending else TupleGreaterThan
        return lookup(Tuple(F(name), F("pk")), edge)

    # What the component draws.

    def url(self, **changes: object) -> str:
        """This list's address with some parameters changed; an empty value takes one out."""
        params = self.params.copy()
        for name in ("after", "before", *changes):
            params.pop(name, None)
        for name, value in changes.items():
            if value:
                params[name] = str(value)
        return f"{self.path}?{params.urlencode()}" if params else self.path

    @property
    def headings(self) -> list[Heading]:
        """The heads, each with the link that sorts by it (or turns the order round)."""
        found = []
        for column in self.spec.columns:
            direction = self._direction(column)
            turned = f"-{column.sort}" if direction == "ascending" else column.sort
            found.append(Heading(column, self.url(sort=turned) if column.sort else "", direction))
        return found

    def _direction(self, column: Column) -> str:
        if not column.sort or self.sort.removeprefix("-") != column.sort:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    @property
    def next_url(self) -> str:
        return self.url(after=self.next_id) if self.next_id else ""

    @property
    def previous_url(self) -> str:
        return self.url(before=self.previous_id) if self.previous_id else ""

    @property
    def clear_url(self) -> str:
        return self.url(q="", **dict.fromkeys((item.name for item in self.spec.filters), ""))

    @property
    def narrowed(self) -> bool:
        """True when a search or a filter is on: an empty list then means something else."""
        return bool(self.search or self.filters)

    @property
    def sizes(self) -> Sequence[int]:
        return SIZES
