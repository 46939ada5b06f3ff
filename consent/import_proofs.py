"""What proves the consents of an import: one document for the file, one for each row with proof of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring
from os import urandom
from typing import Any

from django.db import connection, transaction

from consent import import_sql
from consent.import_shown import Shown, history_of_import
from consent.ledger.evidence import SealedEvidence, seal_all_canonical, seal_evidence
from portal.crypto import Sealer, sealer
from subscribers.imports.merging.dating import collected_at
from subscribers.imports.models import Import
from subscribers.imports.passport.declaring import CONSENT_DATE
from subscribers.imports.passport.documents import proof_of_documents
from subscribers.imports.stages import Columns
from subscribers.imports.values.cells import list_of, text_of
from subscribers.imports.values.converting import NULL

# A row with any of these has evidence of its own; what it says of purposes and channels stands there, too.
OWN_PROOF = ("ip", "form_url", "consent_text")
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class FileProof:
    """The document that proves the whole file."""

    id: int
    digest: bytes


@transaction.atomic
def proof_of_import(source: Import, now: datetime) -> FileProof:
    """Written before the first row, found again by every later run."""
    parameters: dict[str, Any] = {"organisation": source.organisation_id, "import": source.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(import_sql.PROOF_OF_IMPORT, parameters)
        found = cursor.fetchone()
        if found is not None:
            return FileProof(found[0], bytes(found[1]))
        sealed = seal_evidence(sealer(source.organisation_id), document_of(source, now))
        cursor.execute(import_sql.KEEP_PROOF, parameters | {"digest": sealed.digest, "payload": sealed.payload})
        return FileProof(cursor.fetchone()[0], sealed.digest)


def document_of(source: Import, now: datetime) -> dict[str, Any]:
    """What the importer declared, and which bytes it was declared about."""
    return {
        "kind": "import",
        "import": str(source.pk),
        "file": {
            "name": source.file_name,
            "size": source.file_size,
            "sha256": bytes(source.file_digest).hex(),
            "encoding": source.encoding,
            "delimiter": source.delimiter,
        },
        "origin": {
            "kind": source.origin_kind,
            "name": source.origin_name,
            "collected_by": source.collected_by,
            "collected_on": source.collected_on.isoformat() if source.collected_on else None,
        },
        "occurred_at": source.occurred_at.isoformat() if source.occurred_at else None,
        "basis": source.basis,
        "consents": source.consents,
        **shown_to(source, now),
        "mapping": source.mapping,
        "note": source.evidence_note,
        "documents": proof_of_documents(source),
        "partners": source.partners,
        "warnings": source.warnings,
        "declared_by": f"user:{source.created_by_id}" if source.created_by_id else "",
        "declared_at": source.created_at.isoformat(),
    }


def shown_to(source: Import, now: datetime) -> dict[str, Any]:
    """Where its people were asked, and every form and notice that may have been before them, by their dates (C-07)."""
    history = history_of_import(source, now)
    if history is None:
        return {}
    dated = CONSENT_DATE in source.mapping.values()
    shown = history.shown if dated else history.at(collected_at(source), source.organisation.zone)
    return {
        "collection_point": {
            "id": str(history.point.pk),
            "key": history.point.key,
            "point_kind": str(history.kind),
            "language": source.notice_language,
            "shown": [shown_document(each) for each in shown],
        }
    }


def shown_document(shown: Shown) -> dict[str, Any]:
    return {
        "from": shown.begin.isoformat(),
        "until": shown.end.isoformat() if shown.end else None,
        "language": shown.language,
        "notice": shown.version,
        "notice_digest": shown.digest.hex(),
        "form_version": shown.form.number,
        "form_digest": bytes(shown.form.digest).hex(),
    }


def rows_with_proof(columns: Columns, numbers: Sequence[int]) -> list[int]:
    """Those of these rows that bring proof of their own."""
    given = [columns[name] for name in OWN_PROOF if name in columns]
    if len(given) == 1:
        return [number for number in numbers if given[0][number] != NULL]
    return [number for number in numbers if any(cells[number] != NULL for cells in given)]


def sealed_rows(
    box: Sealer, file: FileProof, columns: Columns, numbers: Sequence[int], moments: Sequence[str]
) -> list[SealedEvidence]:
    """The evidence of these rows, each naming the document of the file; ``moments`` are those of all rows."""
    return seal_all_canonical(box, [text.encode() for text in documents(file, columns, numbers, moments)])


def documents(file: FileProof, columns: Columns, numbers: Sequence[int], moments: Sequence[str]) -> list[str]:
    """Canonical JSON (RFC 8785), written member by member in the order of the names: there may be a million."""
    count = len(numbers)
    salts = urandom(SALT_BYTES * count).hex()
    lines = columns["line"]
    members = [
        *optional("channels", columns, numbers, "channels"),
        [f'"file_evidence":"{file.digest.hex()}"'] * count,
        *optional("form_url", columns, numbers, "form_url"),
        *optional("ip", columns, numbers, "ip"),
        [f'"kind":"import_row","line":{lines[n]},"occurred_at":"{moments[n]}"' for n in numbers],
        *optional("purposes", columns, numbers, "purposes"),
        [f'"salt":"{salts[start : start + 32]}"' for start in range(0, len(salts), 32)],
        *optional("text", columns, numbers, "consent_text"),
    ]
    rows = zip(*members, strict=True)
    if any("" in member for member in members):
        return ["{" + ",".join(filter(None, row)) + "}" for row in rows]
    return ["{" + row + "}" for row in map(",".join, rows)]


def optional(name: str, columns: Columns, numbers: Sequence[int], column: str) -> list[list[str]]:
    """The member of each row, nothing where its cell is empty; no list at all when the file has no such column."""
    if column not in columns:
        return []
    cells, start = columns[column], f'"{name}":'
    if column in ("purposes", "channels"):
        return [["" if cells[n] == NULL else start + json_list(list_of(cells[n])) for n in numbers]]
    return [["" if cells[n] == NULL else start + encode_basestring(text_of(cells[n])) for n in numbers]]


def json_list(names: Sequence[str]) -> str:
    return "[" + ",".join(map(encode_basestring, names)) + "]"
