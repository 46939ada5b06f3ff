"""The canonical event: what a leaf of the ledger hashes, and what a proof file shows.

Flat: texts, and one small number. Empty texts and nulls are left out, ids are texts, moments are UTC with six digits.
:func:`event_document` makes it of an event, :func:`open_ledger` writes the same bytes from COPY cells, much faster; a
property test holds both against the rfc8785 library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import rfc8785
from django.utils.translation import gettext_lazy as _

from consent.ledger.models import ConsentEvent
from portal.seals.canonical import MomentCells, moment_text, text_inside
from portal.seals.streams import Cells, Documents, Stream, register_stream, unescaped

# In the order of their names in the document, which is that of RFC 8785.
COLUMNS = (
    "e.action",
    "e.actor",
    "e.basis",
    "e.channel",
    "e.collection_point_id",
    "e.contact_id",
    "encode(e.evidence_digest, 'hex')",
    "e.id",
    "encode(e.notice_digest, 'hex')",
    "e.notice_version",
    "e.occurred_at",
    "e.organisation_id",
    "e.paused_until",
    "e.purpose_id",
    "e.purpose_version",
    "e.recorded_at",
    "e.source",
    "e.source_reference",
)
# What JSON or COPY would write otherwise than it is: then the slow way is taken.
UNUSUAL = re.compile(rb'[\\"\x00-\x1f]').search


def register() -> None:
    from consent.ledger.orphans import orphans

    register_stream(
        Stream(
            name="ledger",
            label=_("Ledger"),
            table="consent_consentevent",
            columns=COLUMNS,
            recorded="e.recorded_at",
            open=open_ledger,
            orphans=orphans,
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


def open_ledger(cursor: Any, names: Mapping[int, bytes]) -> Documents:
    cursor.execute("SELECT id, key FROM consent_purpose")
    purposes = {b"%d" % pk: text_inside(key) for pk, key in cursor.fetchall()}
    return writer({b"%d" % pk: name for pk, name in names.items()}, purposes)


def writer(organisations: Mapping[bytes, bytes], purposes: Mapping[bytes, bytes]) -> Documents:
    """Writes canonical events from the cells of :data:`COLUMNS`; the names are as they stand inside a JSON text."""
    moment = MomentCells()

    def document(cells: Cells) -> bytes:
        (
            action,
            actor,
            basis,
            channel,
            point,
            contact,
            evidence,
            event_id,
            notice,
            notice_version,
            occurred_at,
            organisation,
            paused_until,
            purpose,
            purpose_version,
            recorded_at,
            source,
            reference,
        ) = cells
        if UNUSUAL(b"%b%b%b%b%b%b%b" % (action, actor, basis, channel, notice_version, source, reference)):
            action, actor, basis, channel, notice_version, source, reference = map(
                inside, (action, actor, basis, channel, notice_version, source, reference)
            )
        return (
            b'{"action":"%b"%b,"basis":"%b","channel":"%b"%b,"contact":"%b"%b,"id":"%b"%b%b,"occurred_at":"%b",'
            b'"organisation":"%b"%b,"purpose":"%b"%b,"recorded_at":"%b","source":"%b"%b}'
        ) % (
            action,
            b',"actor":"%b"' % actor if actor else b"",
            basis,
            channel,
            b',"collection_point":"%b"' % point if point else b"",
            contact,
            b',"evidence":"%b"' % evidence if evidence else b"",
            event_id,
            b',"notice":"%b"' % notice if notice else b"",
            b',"notice_version":"%b"' % notice_version if notice_version else b"",
            moment(occurred_at),
            organisations.get(organisation, organisation),
            b',"paused_until":"%b"' % moment(paused_until) if paused_until else b"",
            purposes.get(purpose, purpose),
            b',"purpose_version":%b' % purpose_version if purpose_version else b"",
            moment(recorded_at),
            source,
            b',"source_reference":"%b"' % reference if reference else b"",
        )

    return document


def inside(cell: bytes) -> bytes:
    """A cell of COPY text as it stands between the quotes of a JSON text."""
    return text_inside(unescaped(cell).decode())


def canonical_event(event: ConsentEvent, organisation: str) -> bytes:
    return rfc8785.dumps(event_document(event, organisation))
