"""Bringing values back, a window of contacts at a time; `restoring` decides, this reads and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from subscribers.imports.afterwards import LEFT, Window
from subscribers.imports.sweeping import Counts, total
from subscribers.imports.undo import sql
from subscribers.imports.undo.addresses import follow_restored
from subscribers.imports.undo.restoring import (
    IDENTITIES,
    Change,
    Restored,
    handed_on,
    merged,
    restored,
    shortened,
)

Journal = dict[int, list[Change]]


def restore_values(cursor: Any, window: Window) -> Counts:
    """Bring back what the import overwrote and nobody has changed since."""
    parameters = parameters_of(window)
    cursor.execute(sql.CHANGES, parameters)
    journal = journal_of(cursor.fetchall())
    if not journal:
        return {}
    people = people_of(cursor, parameters | {"contacts": list(journal)})
    holders = holders_of(cursor, parameters, [merged(changes)[0] for changes in journal.values()])
    found = {
        contact_id: restored(
            contact,
            journal[contact_id],
            import_id=window.source.pk,
            taken=lambda column, value, own=contact_id: holders[column].get(value, own) != own,  # type: ignore[misc]
        )
        for contact_id, contact in people.items()
    }
    write(cursor, parameters, found)
    rewrite_journal(cursor, parameters, journal, found)
    follow_restored(window, {column: moved(found, column) for column in ("email_key", "phone")})
    return counted(found)


def parameters_of(window: Window) -> dict[str, Any]:
    return {
        "organisation": window.source.organisation_id,
        "import": window.source.pk,
        "after": window.after,
        "upto": window.upto,
        "now": window.now,
    }


def journal_of(rows: Sequence[tuple[Any, ...]]) -> Journal:
    """Contact -> its changes, oldest first."""
    return {
        contact_id: [Change(pk, json.loads(before), json.loads(after)) for _contact, pk, before, after in changes]
        for contact_id, changes in groupby(rows, key=lambda row: row[0])
    }


def people_of(cursor: Any, parameters: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The contacts that are still there, locked, with their values as Python has them."""
    cursor.execute(sql.PEOPLE, parameters)
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["attributes"] = json.loads(row["attributes"])
        row["provenance"] = json.loads(row["provenance"]) if row["provenance"] else None
    return {row["id"]: row for row in rows}


def holders_of(
    cursor: Any, parameters: dict[str, Any], befores: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, int]]:
    """Column -> identity -> who has it now, for all identities that could come back."""
    found: dict[str, dict[str, int]] = {}
    for column in IDENTITIES:
        values = [before[column] for before in befores if before.get(column)]
        found[column] = {}
        if values:
            cursor.execute(sql.HOLDERS.format(column=column), parameters | {"values": values})
            found[column] = dict(cursor.fetchall())
    return found


def write(cursor: Any, parameters: dict[str, Any], found: Mapping[int, Restored]) -> None:
    changed = {contact_id: each.values for contact_id, each in found.items() if each.names}
    if not changed:
        return
    rows = list(changed.values())
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in sql.COLUMNS}
    for name in ("tags", "attributes", "provenance"):
        columns[name] = [None if row[name] is None else json.dumps(row[name]) for row in rows]
    cursor.execute(sql.WRITE_VALUES, parameters | {"id": list(changed), **columns})


def rewrite_journal(cursor: Any, parameters: dict[str, Any], journal: Journal, found: Mapping[int, Restored]) -> None:
    """Keep of the changes what was not brought back, and hand on what later imports have overwritten."""
    kept = [
        left
        for contact_id, each in found.items()
        for change in journal[contact_id]
        if (left := shortened(change, each.names)) is not None
    ]
    cursor.execute(sql.FORGET_CHANGES, parameters | {"kept": [change.id for change in kept]})
    overwritten = [
        contact_id
        for contact_id, each in found.items()
        if "changed_since" in each.left.values() or "tags" in (each.values["provenance"] or {})
    ]
    if overwritten:
        cursor.execute(sql.LATER_CHANGES, parameters | {"contacts": overwritten})
        later = journal_of(cursor.fetchall())
        for contact_id in overwritten:
            after = later_than(journal, later, contact_id)
            kept += handed_on(found[contact_id].left, journal[contact_id], after, import_id=parameters["import"])
    if kept:
        texts = {
            "id": [change.id for change in kept],
            "before": [json.dumps(change.before) for change in kept],
            "after": [json.dumps(change.after) for change in kept],
        }
        cursor.execute(sql.REWRITE_CHANGES, parameters | texts)


def later_than(journal: Journal, later: Journal, contact_id: int) -> list[Change]:
    last = journal[contact_id][-1].id
    return [change for change in later.get(contact_id, []) if change.id > last]


def moved(found: Mapping[int, Restored], column: str) -> list[int]:
    return [contact_id for contact_id, each in found.items() if column in each.names]


def counted(found: Mapping[int, Restored]) -> Counts:
    """How many values came back, and how many did not for which reason; an address and its key are one."""
    left = [reason for each in found.values() for name, reason in each.left.items() if name != "email_key"]
    values = sum(len(each.counted) for each in found.values())
    return total([{"values": values}, *({f"{LEFT}{reason}": 1} for reason in left)])
