"""One chunk of rows through the staging table into contacts: staged, then merged in one short transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from portal.organisations.actors import Actor
from subscribers.contacts.changes import AddressChange, tell_address_change
from subscribers.imports import sql
from subscribers.imports.converting import copy_text
from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.reading import Reject
from subscribers.imports.rows import StagedRows
from subscribers.imports.stages import ChunkContext, run_stages
from subscribers.suppression.matching import untie
from subscribers.suppression.rules import channels_of

STAGED_ORDER = (
    "email", "email_key", "phone", "external_id", "first_name", "last_name", "language", "country", "tags",
    "attributes", "occurred_at", "ip",
)  # fmt: skip
LONGEST_DETAIL = 300
MOVES = {"email_key": "email_moved", "phone": "phone_moved"}


@dataclass(slots=True)
class Merged:
    """What became of the staged rows of a chunk."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    email_moved: int = 0
    phone_moved: int = 0
    duplicates: int = 0
    stages: dict[str, dict[str, int]] = field(default_factory=dict)


class Stage:
    """Two staging tables of one import and what is done with them."""

    def __init__(self, source: Import, columns: Sequence[str], *, attempt: int = 1, slot: int = 0) -> None:
        self._source = source
        self._columns = [name for name in STAGED_ORDER if name in columns]
        self.staged, self.merged = stage_names(source.pk, attempt, slot)
        self._analyzed = False
        skips = source.update_rule == UpdateRule.SKIP
        values = {} if skips else sql.new_values(self._columns, source.update_rule)
        self._values = dict(sorted(values.items()))

    def _sql(self, template: str, **parts: str) -> str:
        return template.format(staged=self.staged, merged=self.merged, **parts)

    def create(self) -> None:
        with connection.cursor() as cursor:
            for statement in (sql.DROP, sql.CREATE_STAGED, sql.CREATE_MERGED):
                cursor.execute(self._sql(statement))

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(sql.DROP))

    def fill(self, rows: StagedRows) -> None:
        """Put the rows of a chunk into the staging table, in a transaction of its own."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self._sql(sql.EMPTY))
            if len(rows):
                columns = ", ".join(rows.columns)
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
        changes = sql.changes(self._values)
        cursor.execute(self._sql(sql.MATCH, lookups=lookups, fresh_id=fresh_id, **changes), parameters)
        counts = self._counts(cursor)
        if not counts.duplicates:
            return counts
        cursor.execute(self._sql(sql.DROP_REPEATED))
        return replace(self._counts(cursor), duplicates=counts.duplicates)

    def _counts(self, cursor: Any) -> Merged:
        cursor.execute(self._sql(sql.COUNTS))
        return Merged(*cursor.fetchone())

    def _write(self, cursor: Any, parameters: dict[str, Any], merged: Merged) -> None:
        if merged.created:
            cursor.execute(self._sql(sql.INSERT_NEW), parameters)
        if merged.updated:
            assignments = ", ".join(f"{name} = {value}" for name, value in self._values.items())
            cursor.execute(self._sql(sql.UPDATE_CHANGED, assignments=assignments), parameters)
            self._follow_addresses(cursor, merged, parameters["now"])
        if "tags" in self._columns:
            cursor.execute(self._sql(sql.KEEP_TAG_NAMES), parameters)

    def _follow_addresses(self, cursor: Any, merged: Merged, now: datetime) -> None:
        """People now have another address: old suppressions let go of them, and whoever listens is told."""
        organisation = self._source.organisation
        for column, moved in MOVES.items():
            if not getattr(merged, moved):
                continue
            cursor.execute(self._sql(sql.MOVED_CONTACTS, moved=moved))
            contacts = [contact for (contact,) in cursor.fetchall()]
            channels = channels_of(column)
            untie(organisation.pk, contacts, channels)
            actor = Actor.system(organisation, reference=f"import:{self._source.pk}")
            tell_address_change(AddressChange(organisation, contacts, frozenset(channels), actor, now))


def stage_names(import_id: int, attempt: int, slot: int) -> tuple[str, str]:
    return f"import_stage_{import_id:d}_{attempt:d}_{slot:d}", f"import_merged_{import_id:d}_{attempt:d}_{slot:d}"


@contextmanager
def stages(source: Import, columns: Sequence[str], *, attempt: int) -> Iterator[list[Stage]]:
    """The two stages of this run, to be filled in turn; those of runs that died are dropped.

    Each run has its own: one that was thought dead and wakes up must not write into a stage of its successor.
    """
    made = [Stage(source, columns, attempt=attempt, slot=slot) for slot in (0, 1)]
    drop_stages(source.pk)
    try:
        for stage in made:
            stage.create()
        with connection.cursor() as cursor:
            cursor.execute("SET work_mem = '64MB'")
        yield made
    finally:
        for stage in made:
            stage.drop()
        with connection.cursor() as cursor:
            cursor.execute("RESET work_mem")


def drop_stages(import_id: int) -> None:
    """Drop every staging table of an import, whoever made it."""
    with connection.cursor() as cursor:
        for table in stage_tables().get(import_id, []):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def stage_tables() -> dict[int, list[str]]:
    """The staging tables there are, by the id of their import."""
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.STAGE_TABLES)
        for table, import_id in cursor.fetchall():
            found.setdefault(int(import_id), []).append(table)
    return found


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
