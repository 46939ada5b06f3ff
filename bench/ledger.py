"""Sealing and verifying beside hashing what a bare COPY reads; the proof of one event as the ledger grows.

``python -m bench --only ledger --rows 1000000`` measures this alone.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from statistics import median

from django.db import connection, transaction
from django_scopes import scope

from bench.segments import seconds
from bench.table import Line
from consent.ledger.models import ConsentEvent
from consent.proofs.building import proof_of
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from portal.seals.models import Verification
from portal.seals.sealing import seal_stream
from portal.seals.streams import stream_named
from portal.seals.verifying import verify_chain

CHUNK = 25_000  # of the events of one transaction, as imports write them
STEPS = (1_000, 100_000)  # after so many events proofs are taken, and at the end
PROOFS = 50

# Events as an import writes them; people are of no account here.
WRITE = """
INSERT INTO consent_consentevent (organisation_id, contact_id, purpose_id, channel, action, basis, occurred_at,
    recorded_at, source, source_reference, notice_version, evidence_id, evidence_digest, purpose_version)
SELECT %(organisation)s, n, %(purpose)s, 'email', 'grant', 'consent',
    timestamptz '2026-01-01Z' + n * interval '7 seconds', now(), 'import', 'import:1', '', NULL,
    sha256(n::text::bytea), 1
FROM generate_series(%(first)s, %(last)s) n
"""
BARE = "COPY (SELECT * FROM consent_consentevent WHERE organisation_id = {organisation}) TO STDOUT"


def measure_ledger(organisation: Organisation, rows: int) -> list[Line]:
    """Fills a ledger of its own, step by step, and seals it."""
    ledger = stream_named("ledger")
    with scope(organisation=organisation):
        purpose = Purpose.objects.get(key="newsletter").pk
    seal_stream(ledger)  # what others have written before
    written, sealing, proofs = 0, 0.0, {}
    for size in sorted({step for step in (*STEPS, rows) if step <= rows}):
        write_events(organisation.pk, purpose, written + 1, size)
        part, written = size - written, size
        sealing = seconds(lambda: seal_stream(ledger)) / part * rows
        proofs[size] = proof_seconds(organisation.pk)
    limit = seconds(lambda: hash_bare_rows(organisation.pk))
    verifying = seconds(lambda: holds(verify_chain(ledger, organisation), rows))
    least, most = min(proofs), max(proofs)
    steps = ", ".join(f"{size:,}: {took * 1000:.1f} ms" for size, took in proofs.items())
    print(f"    proof of one event by size of the ledger: {steps}")
    per_second = f"SHA-256 of COPY {rows / limit:,.0f}/s"
    return [
        Line(f"seal {rows:,} events", f"{rows / sealing:,.0f}/s", per_second, limit / sealing, 0.15),
        Line(f"verify {rows:,} events", f"{rows / verifying:,.0f}/s", per_second, limit / verifying, 0.1),
        Line(
            f"proof among {most:,}",
            f"{proofs[most] * 1000:.1f} ms",
            f"among {least:,} {proofs[least] * 1000:.1f} ms",
            proofs[most] / proofs[least],
            3.0,
            lower_is_better=True,
        ),
    ]


def write_events(organisation: int, purpose: int, first: int, last: int) -> None:
    for start in range(first, last + 1, CHUNK):
        span = {"first": start, "last": min(start + CHUNK - 1, last)}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE, {"organisation": organisation, "purpose": purpose, **span})


def hash_bare_rows(organisation: int) -> None:
    sha256: Callable[[bytes], object] = hashlib.sha256
    with connection.cursor() as cursor, cursor.copy(BARE.format(organisation=organisation)) as copy:
        for row in copy:
            sha256(row)


def holds(found: Verification, rows: int) -> None:
    if not found.ok or found.rows != rows:
        message = f"the ledger does not hold: {found.code} {found.details}"
        raise RuntimeError(message)


def proof_seconds(organisation: int) -> float:
    """The median over some events, each proof taken anew."""
    chance = random.Random(7)
    with scope(organisation=Organisation.objects.get(pk=organisation)):
        events = ConsentEvent.objects.select_related("purpose")
        first, last = (events.order_by(order).values_list("pk", flat=True)[0] for order in ("pk", "-pk"))
        found = [event for _time in range(PROOFS) if (event := events.filter(pk=chance.randint(first, last)).first())]
        return median(seconds(lambda event=event: proof_of(event)) for event in found)  # type: ignore[misc]
