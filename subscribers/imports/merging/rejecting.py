"""Rows that are not taken: kept with their line, the reason and their cells as they came."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from subscribers.imports.files import open_table
from subscribers.imports.merging import sql
from subscribers.imports.merging.people import copy_into
from subscribers.imports.models import Import
from subscribers.imports.reading.streaming import FileFormat, Reject, kept_cells, read_blocks
from subscribers.imports.values.cells import copy_lines
from subscribers.imports.values.converting import copy_text

as_json = json.JSONEncoder(ensure_ascii=False).encode


def store_rejects(cursor: Any, source: Import, rejects: Sequence[Reject]) -> Counter[str]:
    """Write the rejects of a chunk in the caller's transaction; how many there are of each code."""
    columns = [
        [str(reject.line) for reject in rejects],
        [reject.code.value for reject in rejects],
        [copy_text(reject.detail) for reject in rejects],
        [copy_text(reject.column) for reject in rejects],
        [copy_text(as_json(list(reject.cells))) for reject in rejects],
    ]
    copy_into(cursor, sql.COPY_REJECTS, copy_lines(columns, first=(source.organisation_id, source.pk)))
    return Counter(reject.code.value for reject in rejects)


def cells_of_lines(
    source: Import, file: FileFormat, start: tuple[int, int], lines: Collection[int]
) -> dict[int, list[str]]:
    """The cells of these rows as they stand in the file, read once more from ``start`` on (bytes and lines).

    Rows that turn out to be wrong late are few: keeping the cells of all of them would cost more.
    """
    found: dict[int, list[str]] = {}
    with open_table(source) as stream:
        for block in read_blocks(stream, replace(file, offset=start[0], line=start[1])):
            for line, row in zip(block.lines, block.rows, strict=True):
                if line in lines:
                    found[line] = kept_cells(row)
            if len(found) == len(lines):
                break
    return found
