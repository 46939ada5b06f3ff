"""The shortest way to have rows validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from subscribers.imports.problems import in_words
from subscribers.imports.reading.streaming import Block
from subscribers.imports.values.rows import Reading, RowValidator, StagedRows


@dataclass(frozen=True)
class Declared:
    """A declared field, as far as imports ask."""

    key: str
    type: str
    choices: Sequence[str] = ()


def validator_of(mapping: Mapping[str, str | None], *, fields: Sequence[Declared] = (), **reading: Any) -> RowValidator:
    customs = {"country": "FR", "zone": UTC, "now": datetime(2026, 11, 1, tzinfo=UTC)}
    return RowValidator(Reading(columns=list(mapping), mapping=mapping, fields=fields, **(customs | reading)))


def staged(
    mapping: Mapping[str, str | None], *rows: Sequence[str], fields: Sequence[Declared] = (), **reading: Any
) -> StagedRows:
    """Rows of a French organisation in November 2026, validated; the first stands on line 2."""
    validator = validator_of(mapping, fields=fields, **reading)
    found = validator.validate(Block(lines=range(2, len(rows) + 2), rows=[list(row) for row in rows], plain=False))
    assert list(found.columns) == validator.column_names
    return found


def cells(found: StagedRows, *names: str) -> list[tuple[str | None, ...]]:
    """Some columns of the staged rows, None for NULL."""
    columns = [[None if cell == r"\N" else cell for cell in found.columns[name]] for name in names]
    return list(zip(*columns, strict=True))


def reasons(found: StagedRows) -> list[tuple[int, str, str]]:
    """Line, code and sentence of each reject."""
    return [(reject.line, reject.code.value, in_words(reject.code, reject.detail, "")) for reject in found.rejects]
