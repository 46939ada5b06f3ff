"""One chunk of rows through the staging table into contacts: staged, then merged in one short transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from subscribers.imports import sql
from subscribers.imports.converting import copy_text
from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.reading import Reject
from subscribers.imports.rows import StagedRows
from subscribers.imports.stages import ChunkContext, run_stages

STAGED_ORDER = (
    "email", "email_key", "phone", "external_id", "first_name", "last_name", "language", "country", "tags",
    "attributes", "occurred_at", "ip",
)  # fmt: skip
LONGEST_DETAIL = 300


@dataclass(slots=True)
class Merged:
    """What became of the staged rows of a chunk."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    stages: dict[str, dict[str, int]] = field(default_factory=dict)


class Stage:
    """The two staging tables of one import and what is done with them."""

    def __init__(self, source: Import, columns: Sequence[str], *, attempt: int = 1) -> None:
        self._source = source
        self._attempt = attempt
        self._columns = [name for name in STAGED_ORDER if name in columns]
        self.staged, self.merged = stage_names(source, attempt)
        self._analyzed = False
        values = sql.new_values(self._columns, source.update_rule)
        self._values = dict(sorted(values.items()))

    def _sql(self, template: str, **parts: str) -> str:
        return template.format(staged=self.staged, merged=self.merged, **parts)

    def create(self) -> None:
        """Make the tables of this run and drop those of runs that died.

        Each run has its own: one that was thought dead and wakes up must not write into the stage of its successor.
        """
        with connection.cursor() as cursor:
            for attempt in range(1, self._attempt + 1):
                staged, merged = stage_names(self._source, attempt)
                cursor.execute(sql.DROP.format(staged=staged, merged=merged))
            for statement in (sql.CREATE_STAGED, sql.CREATE_MERGED):
                cursor.execute(self._sql(statement))
            cursor.execute("SET work_mem = '64MB'")

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(sql.DROP))
            cursor.execute("RESET work_mem")

    def fill(self, rows: StagedRows) -> None:
        """Put the rows of a chunk into the staging table, in a transaction of its own."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self._sql(sql.EMPTY))
            if rows.lines:
                columns = ", ".join(rows.names)
                with cursor.copy(self._sql(sql.COPY_STAGED, columns=columns)) as copy:
                    copy.write(rows.copy_text())
            if not self._analyzed:
                cursor.execute(self._sql(sql.ANALYZE_STAGED))
                self._analyzed = True

    def merge(self, now: datetime, collected_at: datetime) -> Merged:
        """Create, update and leave alone; call it in the transaction that also writes the checkpoint.

        Raises IntegrityError when a contact appeared in between: roll back and call again.
        """
        parameters: dict[str, Any] = {
            "organisation_id": self._source.organisation_id,
            "import_id": self._source.pk,
            "origin": self._source.origin_kind,
            "now": now,
            "collected_at": collected_at,
        }
        with connection.cursor() as cursor:
            merged = self._match(cursor, parameters)
            if not self._source.dry_run and (merged.created or merged.updated or merged.unchanged):
                self._write(cursor, parameters, merged)
                chunk = ChunkContext(
                    staged=self.staged,
                    merged=self.merged,
                    created=merged.created,
                    known=merged.updated + merged.unchanged,
                    now=now,
                )
                merged.stages = run_stages(cursor, self._source, chunk)
        return merged

    def _match(self, cursor: Any, parameters: dict[str, Any]) -> Merged:
        keys = [key for key in ("external_id", "email_key", "phone") if key in self._columns]
        lookups = ", ".join(sql.LOOKUP.format(key=key) for key in keys)
        fresh_id = sql.NO_ID if self._source.dry_run else sql.FRESH_ID
        cursor.execute(self._sql(sql.MATCH, lookups=lookups, fresh_id=fresh_id), parameters)
        created, _updated, known = self._counts(cursor)
        if not known:
            return Merged(created=created)
        cursor.execute(self._sql(sql.DROP_REPEATED))
        duplicates = cursor.rowcount
        if self._values and self._source.update_rule != UpdateRule.SKIP:
            cursor.execute(
                self._sql(
                    sql.MARK_CHANGED,
                    new_values=", ".join(self._values.values()),
                    old_values=", ".join(f"c.{name}" for name in self._values),
                ),
                parameters,
            )
        return Merged(*self._counts(cursor), duplicates=duplicates)

    def _counts(self, cursor: Any) -> tuple[int, int, int]:
        cursor.execute(self._sql(sql.COUNTS))
        created, updated, unchanged = cursor.fetchone()
        return created, updated, unchanged

    def _write(self, cursor: Any, parameters: dict[str, Any], merged: Merged) -> None:
        if merged.created:
            cursor.execute(self._sql(sql.INSERT_NEW), parameters)
        if merged.updated:
            assignments = ", ".join(f"{name} = {value}" for name, value in self._values.items())
            cursor.execute(self._sql(sql.UPDATE_CHANGED, assignments=assignments), parameters)
        if "tags" in self._columns:
            cursor.execute(self._sql(sql.KEEP_TAG_NAMES), parameters)


def stage_names(source: Import, attempt: int) -> tuple[str, str]:
    return f"import_stage_{source.pk:d}_{attempt:d}", f"import_merged_{source.pk:d}_{attempt:d}"


def store_rejects(source: Import, rejects: Sequence[Reject]) -> Counter[str]:
    """Write the rejects of a chunk in the caller's transaction; how many there are of each code."""
    if not rejects:
        return Counter()
    start = f"{source.organisation_id}\t{source.pk}\t"
    details: dict[tuple[str, str, str], str] = {}
    lines = []
    for reject in rejects:
        problem = (reject.code, reject.column, reject.detail)
        if problem not in details:
            details[problem] = f"{reject.code.value}\t{copy_text(detail_of(reject))}\t"
        cells = copy_text(json.dumps(list(reject.cells), ensure_ascii=False))
        lines.append(f"{start}{reject.line}\t{details[problem]}{cells}\n")
    with connection.cursor() as cursor, cursor.copy(sql.COPY_REJECTS) as copy:
        copy.write("".join(lines))
    return Counter(reject.code.value for reject in rejects)


def detail_of(reject: Reject) -> str:
    """The sentence a person reads, in the language in force, with the column it is about."""
    sentence = gettext(reject.sentence)
    return (f"{reject.column}: {sentence}" if reject.column else sentence)[:LONGEST_DETAIL]


def analyze_contacts() -> None:
    """Tell the planner that a table has grown: plans made for an empty one cost others a factor of 3.5."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ANALYZE_CONTACTS)
