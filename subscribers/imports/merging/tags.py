"""The names of the tags that a file brings, kept beside the contacts for suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from subscribers.imports.merging import sql
from subscribers.imports.models import Import
from subscribers.imports.values.cells import text_of
from subscribers.imports.values.converting import NULL


class KnownTags:
    """Those that this run has kept already: a file has few, and nobody asks for them chunk after chunk."""

    def __init__(self, source: Import) -> None:
        self._source = source
        self._kept: set[str] = set()
        self._fresh: set[str] = set()

    def keep(self, cursor: Any, cells: Iterable[str]) -> None:
        """Keep the tags of a chunk, in its transaction; say so with :meth:`kept` once it is committed."""
        self._fresh = set(cells) - self._kept - {NULL}
        if self._fresh and not self._source.dry_run:
            lists = [text_of(cell) for cell in self._fresh]
            cursor.execute(sql.KEEP_TAG_NAMES, {"organisation_id": self._source.organisation_id, "lists": lists})

    def kept(self) -> None:
        self._kept |= self._fresh
