"""The canonical event: what a leaf of the ledger hashes, and what a proof file shows.

Flat: texts, and one small number. Empty texts and nulls are left out, ids are texts, moments are UTC with six digits.
:func:`event_document` makes it of an event, :func:`open_ledger` writes the same bytes from COPY cells, much faster; a
property test holds both against the rfc8785 library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import rfc8785
from django.utils.translation import gettext_lazy as _

from consent.ledger.models import ConsentEvent
from portal.organisations.roles import Capability
from portal.seals.canonical import MomentCells, moment_text, text_inside
from portal.seals.streams import Documents, Named, Stream, register_stream, unescaped

# First what is another in every event, then what many share.
COLUMNS = (
    "e.contact_id",
    "encode(e.evidence_digest, 'hex')",
    "e.occurred_at",
    "e.recorded_at",
    "e.action",
    "e.actor",
    "e.basis",
    "e.channel",
    "e.collection_point_id",
    "encode(e.notice_digest, 'hex')",
    "e.notice_version",
    "e.organisation_id",
    "e.paused_until",
    "e.purpose_id",
    "e.purpose_version",
    "e.source",
    "e.source_reference",
)
OWN_COLUMNS = 4
PATTERNS_KEPT = 10_000
SHARED = {column: place for place, column in enumerate(COLUMNS[OWN_COLUMNS:])}
NAMING = (
    "encode(e.notice_digest, 'hex')",
    "e.notice_version",
    "e.purpose_id",
    "e.purpose_version",
    "e.collection_point_id",
    "e.source_reference",
)


def register() -> None:
    from consent.ledger.orphans import FINDINGS, orphans

    register_stream(
        Stream(
            name="ledger",
            label=_("Ledger"),
            table="consent_consentevent",
            columns=COLUMNS,
            recorded="e.recorded_at",
            open=open_ledger,
            capability=Capability.CONSENTS_VIEW,
            orphans=orphans,
            findings=FINDINGS,
        )
    )


def event_document(event: ConsentEvent, organisation: str) -> dict[str, str | int]:
    """The canonical event, with the organisation's name as its seal has it."""
    texts = {
        "id": str(event.pk),
        "organisation": organisation,
        "contact": str(event.contact_id),
        "purpose": event.purpose.key,
        "channel": event.channel,
        "action": event.action,
        "basis": event.basis,
        "occurred_at": moment_text(event.occurred_at),
        "recorded_at": moment_text(event.recorded_at),
        "source": event.source,
        "source_reference": event.source_reference,
        "notice_version": event.notice_version,
        "notice": digest_text(event.notice_digest),
        "collection_point": "" if event.collection_point_id is None else str(event.collection_point_id),
        "actor": event.actor,
        "evidence": digest_text(event.evidence_digest),
        "paused_until": moment_text(event.paused_until) if event.paused_until else "",
    }
    document: dict[str, str | int] = {name: text for name, text in texts.items() if text}
    if event.purpose_version is not None:
        document["purpose_version"] = event.purpose_version
    return document


def digest_text(digest: bytes | memoryview | None) -> str:
    return bytes(digest).hex() if digest is not None else ""


def open_ledger(cursor: Any, names: Mapping[int, bytes], named: Named) -> Documents:
    cursor.execute("SELECT id, key FROM consent_purpose")
    purposes = {b"%d" % pk: text_inside(key) for pk, key in cursor.fetchall()}
    return writer({b"%d" % pk: name for pk, name in names.items()}, purposes, named)


Pattern = tuple[bytes, bytes, bytes, bytes]
"""What stands around an event's own values, in the order of their names: contact, evidence, id | occurred_at |
recorded_at.
"""


def writer(
    organisations: Mapping[bytes, bytes], purposes: Mapping[bytes, bytes], named: Named | None = None
) -> Documents:
    """Writes canonical events from the cells of :data:`COLUMNS`; the names are as they stand inside a JSON text.

    The events of an import, or of a form, differ in four values: all that stands around these is written once. The
    wordings and the versions of purposes that they name are noted in ``named``.
    """
    moment = MomentCells()
    patterns: dict[bytes, Pattern] = {}
    noted = {} if named is None else named

    def document(row: bytes, columns: bytes) -> bytes:
        contact, evidence, occurred_at, recorded_at, shared = columns.split(b"\t", OWN_COLUMNS)
        pattern = patterns.get(shared)
        if pattern is None:
            if len(patterns) >= PATTERNS_KEPT:
                patterns.clear()
            cells = shared.split(b"\t")
            pattern = patterns[shared] = pattern_of(cells, organisations, purposes, moment)
            for text in texts_named(cells):
                noted.setdefault(text, int(row))
        begin, middle, late, end = pattern
        proof = b'","evidence":"' + evidence if evidence else b""
        return b"".join(
            (begin, contact, proof, b'","id":"', row, middle, moment(occurred_at), late, moment(recorded_at), end)
        )

    return document


def pattern_of(
    cells: Sequence[bytes], organisations: Mapping[bytes, bytes], purposes: Mapping[bytes, bytes], moment: MomentCells
) -> Pattern:
    (
        action,
        actor,
        basis,
        channel,
        point,
        notice,
        notice_version,
        organisation,
        paused_until,
        purpose,
        purpose_version,
        source,
        reference,
    ) = map(inside, cells)
    begin = b'{"action":"%b"%b,"basis":"%b","channel":"%b"%b,"contact":"' % (
        action,
        member(b"actor", actor),
        basis,
        channel,
        member(b"collection_point", point),
    )
    middle = b'"%b%b,"occurred_at":"' % (member(b"notice", notice), member(b"notice_version", notice_version))
    late = b'","organisation":"%b"%b,"purpose":"%b"%b,"recorded_at":"' % (
        organisations.get(organisation, organisation),
        member(b"paused_until", moment(paused_until) if paused_until else b""),
        purposes.get(purpose, purpose),
        b',"purpose_version":' + purpose_version if purpose_version else b"",
    )
    end = b'","source":"%b"%b}' % (source, member(b"source_reference", reference))
    return begin, middle, late, end


def texts_named(cells: Sequence[bytes]) -> Iterator[str]:
    """``notice <digest> <version>``, ``purpose <id> <version>`` and ``form <id> <version>``, where an event names one:
    what came through a form refers to it as ``<key>/<version>``.
    """
    notice, label, purpose, version, point, reference = (cells[SHARED[column]] for column in NAMING)
    if notice:
        yield f"notice {notice.decode()} {unescaped(label).decode()}"
    if version:
        yield f"purpose {purpose.decode()} {version.decode()}"
    form = reference.rpartition(b"/")[2]
    if point and form.isdigit():
        yield f"form {point.decode()} {form.decode()}"


def member(name: bytes, value: bytes) -> bytes:
    """A member of the document that is left out when it is empty."""
    return b',"%b":"%b"' % (name, value) if value else b""


def inside(cell: bytes) -> bytes:
    """A cell of COPY text as it stands between the quotes of a JSON text."""
    return text_inside(unescaped(cell).decode())


def canonical_event(event: ConsentEvent, organisation: str) -> bytes:
    return rfc8785.dumps(event_document(event, organisation))
