"""The rows of a chunk that met contacts: staged, compared where they lie, and whoever changes changed at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from portal.organisations.actors import Actor
from subscribers.contacts.changes import AddressChange, tell_address_change
from subscribers.imports.merging import sql
from subscribers.imports.merging.people import copy_into
from subscribers.imports.models import Import, UpdateRule
from subscribers.imports.stages import People
from subscribers.imports.values.cells import copy_lines
from subscribers.suppression.matching import untie
from subscribers.suppression.rules import channels_of

# What of a row is compared or asked about in the database, in the order of the table.
STAGED = (
    "email", "email_key", "phone", "external_id", "first_name", "last_name", "language", "country", "tags",
    "attributes", "occurred_at", "said", "purposes", "channels",
)  # fmt: skip
CONTACT_COLUMNS, OTHER_COLUMNS = STAGED[:10], STAGED[10:]


class StaleChunkError(Exception):
    """Somebody changed or deleted a contact after the rows of the chunk had met it: look again."""


@dataclass(slots=True)
class Changes:
    """What there is to do for the staged rows: the lines that change their contact, and whose addresses move."""

    lines: list[int] = field(default_factory=list)
    moved: dict[str, list[int]] = field(default_factory=dict)


class Stage:
    """A staging table of one import and what is done with it."""

    def __init__(self, source: Import, columns: Sequence[str], *, attempt: int = 1, slot: int = 0) -> None:
        self._source = source
        keys, told = [key for key in sql.KEYS if key in columns], telling_columns(columns)
        asked = {*keys, *told, *OTHER_COLUMNS}
        self._columns = [name for name in STAGED if name in columns and name in asked]
        self.staged = stage_name(source.pk, attempt, slot)
        self._analyzed = False
        self._values = {} if source.update_rule == UpdateRule.SKIP else sql.new_values(told, source.update_rule)
        self._conditions = sql.conditions(keys, told, self._values, source.update_rule)

    def _sql(self, template: str, **parts: str) -> str:
        return template.format(staged=self.staged, **parts)

    def create(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(sql.CREATE_STAGED))

    def fill(self, known: People, repeated: Sequence[bool]) -> None:
        """Put the rows of a chunk into the staging table, in a transaction of its own."""
        names = ["line", "contact_id", "repeated", *self._columns]
        marks = ["t" if repeat else "f" for repeat in repeated]
        cells = [known.columns["line"], known.ids, marks, *(known.columns[name] for name in self._columns)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self._sql(sql.EMPTY))
            copy_into(cursor, self._sql(sql.COPY_STAGED, columns=", ".join(names)), copy_lines(cells))
            if not self._analyzed and len(known):
                cursor.execute(self._sql(sql.ANALYZE_STAGED))
                self._analyzed = True

    def changes(self, cursor: Any) -> Changes:
        """Compare each row with the contact it met. Raises StaleChunkError."""
        parameters = {"organisation_id": self._source.organisation_id}
        cursor.execute(self._sql(sql.CHANGES, **self._conditions), parameters)
        stale, lines, emails, phones = cursor.fetchone()
        if stale:
            raise StaleChunkError
        return Changes(lines or [], {"email_key": emails or [], "phone": phones or []})

    def differences(self, cursor: Any, lines: Sequence[int]) -> list[tuple[int, int, dict[str, Any], dict[str, Any]]]:
        """Line, contact, and the values before and after, of lines that would change something."""
        statement = self._sql(sql.SHOW_DIFFERENCES, **sql.differences(self._values, lock=""))
        cursor.execute(statement, {"organisation_id": self._source.organisation_id, "lines": lines})
        return [(line, contact, json.loads(old), json.loads(new)) for line, contact, old, new in cursor.fetchall()]

    def update(self, cursor: Any, changes: Changes, now: datetime) -> None:
        """Write what the rows change, and the journal of it (for the undo); tell whoever listens to new addresses."""
        parameters = {
            "organisation_id": self._source.organisation_id,
            "import_id": self._source.pk,
            "now": now,
            "lines": changes.lines,
        }
        parts = sql.differences(self._values, lock="FOR NO KEY UPDATE")
        cursor.execute(self._sql(sql.UPDATE_CHANGED, **parts), parameters)
        self._follow_addresses(changes, now)

    def _follow_addresses(self, changes: Changes, now: datetime) -> None:
        """People now have another address: old suppressions let go of them, and whoever listens is told."""
        organisation = self._source.organisation
        for column, contacts in changes.moved.items():
            if not contacts:
                continue
            channels = channels_of(column)
            untie(organisation.pk, contacts, channels)
            actor = Actor.system(organisation, reference=f"import:{self._source.pk}")
            tell_address_change(AddressChange(organisation, sorted(contacts), frozenset(channels), actor, now))


def telling_columns(columns: Sequence[str]) -> list[str]:
    """The columns that may tell a contact something new: not a single identity, for that is how it was met."""
    given = [name for name in CONTACT_COLUMNS if name in columns]
    keys = [key for key in sql.KEYS if key in given]
    if len(keys) != 1:
        return given
    return [name for name in given if sql.IDENTITIES.get(name, name) not in keys]


def stage_name(import_id: int, attempt: int, slot: int) -> str:
    return f"import_stage_{import_id:d}_{attempt:d}_{slot:d}"


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
        drop_tables([stage.staged for stage in made])
        with connection.cursor() as cursor:
            cursor.execute("RESET work_mem")


def drop_stages(import_id: int) -> None:
    """Drop every staging table of an import, whoever made it."""
    drop_tables(stage_tables().get(import_id, []))


def drop_tables(tables: Sequence[str]) -> None:
    """At once: the server looks through all it has in memory, however many tables go."""
    if tables:
        with connection.cursor() as cursor:
            cursor.execute(sql.DROP.format(staged=", ".join(tables)))


def stage_tables() -> dict[int, list[str]]:
    """The staging tables there are, by the id of their import."""
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.STAGE_TABLES)
        for table, import_id in cursor.fetchall():
            found.setdefault(int(import_id), []).append(table)
    return found


def known_contacts() -> int:
    """How many contacts the planner knows of; 0 when nobody has told it yet."""
    with connection.cursor() as cursor:
        cursor.execute(sql.KNOWN_CONTACTS)
        return max(int(cursor.fetchone()[0]), 0)


def analyze_contacts() -> None:
    """Tell the planner that a table has grown: plans made for an empty one cost others a factor of 3.5."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ANALYZE_CONTACTS)
