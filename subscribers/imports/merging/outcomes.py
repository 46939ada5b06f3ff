"""What a dry run found, row by row: sealed pieces beside the file, one a chunk, until they are destroyed with it.

Of a suppressed row only the line is kept, with channel and reason, never the address (I-05).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage

from subscribers.imports.files import delete_tree, folder_of, open_sealed_file, sealed_writer
from subscribers.imports.merging.feeding import Matched, ReadyChunk
from subscribers.imports.merging.staging import CONTACT_COLUMNS, Changes, Stage
from subscribers.imports.merging.suppressing import addresses_of
from subscribers.imports.models import Import
from subscribers.imports.queries import csv_lines
from subscribers.imports.stages import Columns, People
from subscribers.imports.values.cells import text_of
from subscribers.imports.values.converting import NULL
from subscribers.suppression.matching import reasons_among

Row = dict[str, Any]
FOLDER = "outcomes"
PERSON = ("email", "phone", "external_id", "first_name", "last_name")
HEADS: dict[str, tuple[str, ...]] = {
    "created": ("line", *PERSON),
    "updated": ("line", "contact", "field", "before", "after"),
    "unchanged": ("line", "contact", *PERSON),
    "duplicate": ("line", *PERSON),
    "suppressed": ("line", "channel", "reason"),
    "would_resubscribe": ("line", "contact", "purpose", "channel", "status"),
}


def keep_outcomes(
    cursor: Any, source: Import, ready: ReadyChunk, stage: Stage, changes: Changes, found: dict[str, list[Row]]
) -> dict[str, int]:
    """Keep what would become of the rows of a chunk; how many rows of each outcome."""
    matched = ready.matched
    if matched is None:
        return {}
    rows: dict[str, Iterable[Row]] = {
        "created": people_rows(matched.new.columns),
        "updated": changed_rows(stage.differences(cursor, changes.lines) if changes.lines else []),
        "unchanged": unchanged_rows(matched, changes),
        "duplicate": duplicate_rows(ready, matched),
        "suppressed": suppressed_rows(source, ready),
        **found,
    }
    kept = {category: keep(source, category, ready.chunk.offset, of) for category, of in rows.items()}
    return {category: count for category, count in kept.items() if count}


def keep(source: Import, category: str, offset: int, rows: Iterable[Row]) -> int:
    """Write a piece, unless it would be empty; how many lines of the file it is about."""
    heads = HEADS[category]
    rows = list(rows)
    texts = [json.dumps([row.get(head, "") for head in heads], ensure_ascii=False) for row in rows]
    if texts:
        with sealed_writer(source, f"{FOLDER}/{category}/{offset:015d}") as piece:
            piece.write(("\n".join(texts) + "\n").encode())
    return len({row["line"] for row in rows})


def people_rows(columns: Columns, ids: Sequence[str] = ()) -> Iterator[Row]:
    given = [name for name in PERSON if name in columns]
    contacts = ids or [""] * len(columns["line"])
    for line, contact, *cells in zip(columns["line"], contacts, *(columns[name] for name in given), strict=True):
        values = {name: "" if cell == NULL else text_of(cell) for name, cell in zip(given, cells, strict=True)}
        yield {"line": int(line), "contact": contact, **values}


def changed_rows(differences: Iterable[tuple[int, int, Row, Row]]) -> Iterator[Row]:
    """One for each field that would change."""
    for line, contact, before, after in differences:
        for name in sorted(after.keys() - {"email_key"}, key=place_of):
            old, new = shown(before.get(name)), shown(after[name])
            yield {"line": line, "contact": str(contact), "field": name, "before": old, "after": new}


def place_of(name: str) -> tuple[int, str]:
    """Where a field stands: in the order of a contact's columns, the declared ones last."""
    return (CONTACT_COLUMNS.index(name) if name in CONTACT_COLUMNS else len(CONTACT_COLUMNS)), name


def shown(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else value


def unchanged_rows(matched: Matched, changes: Changes) -> Iterator[Row]:
    changed = set(changes.lines)
    for row, repeat in zip(known_rows(matched.known), matched.repeated, strict=True):
        if not repeat and row["line"] not in changed:
            yield row


def known_rows(known: People) -> Iterator[Row]:
    return people_rows(known.columns, known.ids)


def duplicate_rows(ready: ReadyChunk, matched: Matched) -> list[Row]:
    again = [row for row, repeat in zip(known_rows(matched.known), matched.repeated, strict=True) if repeat]
    return sorted([*people_rows(ready.chunk.repeats.columns), *again], key=lambda row: row["line"])


def suppressed_rows(source: Import, ready: ReadyChunk) -> list[Row]:
    """Line, channel and reason: of rows that are on the list already, and of those that ask to be put there."""
    found: list[Row] = []
    listed: set[str] = set()
    for column, cells in addresses_of(ready.suppressed).items():
        asked = {text_of(cell) for cell in cells if cell != NULL}
        reasons = reasons_among(source.organisation, column, asked)
        for line, cell in zip(ready.suppressed.columns["line"], cells, strict=True):
            for channel, reason in reasons.get(text_of(cell), ()):
                listed.add(line)
                found.append({"line": int(line), "channel": channel, "reason": reason})
    # The others stop further down in this very file.
    found += [
        {"line": int(line), "channel": "", "reason": "imported"}
        for line in ready.suppressed.columns["line"]
        if line not in listed
    ]
    found += [
        {"line": int(opt_out.line), "channel": ", ".join(opt_out.channels), "reason": opt_out.reason}
        for opt_out in ready.opt_outs
    ]
    return sorted(found, key=lambda row: row["line"])


def outcome_csv(source: Import, category: str) -> Iterator[str]:
    """The rows of an outcome as a CSV file, a piece at a time; cells that look like formulas are made harmless."""
    yield "\ufeff" + csv_lines([list(HEADS[category])])
    for piece in pieces(source, category):
        yield csv_lines([json.loads(line) for line in piece])


def examples(source: Import, category: str, most: int = 10) -> list[Row]:
    """The first rows of an outcome, by the names of their columns; those that the file has nothing in are left out."""
    lines = islice((line for piece in pieces(source, category) for line in piece), most)
    rows = [dict(zip(HEADS[category], json.loads(line), strict=True)) for line in lines]
    filled = {head for row in rows for head, value in row.items() if value != ""}
    return [{head: value for head, value in row.items() if head in filled} for row in rows]


def pieces(source: Import, category: str) -> Iterator[list[str]]:
    try:
        _folders, names = default_storage.listdir(f"{folder_of(source)}/{FOLDER}/{category}")
    except FileNotFoundError:
        return
    for name in sorted(names):
        with open_sealed_file(source, f"{FOLDER}/{category}/{name}") as piece:
            yield piece.read().decode().splitlines()


def discard_outcomes(source: Import) -> None:
    """Before a dry run begins: what an earlier one found is over."""
    delete_tree(f"{folder_of(source)}/{FOLDER}")
