"""Writing rows for the seals, past every guard where a test plays the superuser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from portal.organisations.models import Organisation
from portal.seals.models import SealingState, Verification
from portal.seals.sealing import Sealed, seal_stream
from portal.seals.streams import stream_named
from portal.seals.verifying import verify_chain

APPEND_ONLY = (
    "portal_auditentry",
    "consent_consentevent",
    "consent_noticeversion",
    "consent_purposeversion",
    "consent_formversion",
    "portal_seal",
    "portal_sealblock",
    "portal_verification",
)


def one_pass(stream: str = "ledger") -> Sealed:
    done = seal_stream(stream_named(stream))
    assert done is not None, "another sealer is at work"
    return done


def seal(stream: str = "ledger") -> Sealed:
    """Seal all that is written; again while anybody else on this server, such as autovacuum, holds the horizon back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (upto,) = cursor.fetchone()
    told, deadline = Sealed(), time.monotonic() + 60
    while True:
        done = one_pass(stream)
        told.rows, told.seals = told.rows + done.rows, told.seals + done.seals
        if SealingState.objects.get(stream=stream).horizon >= upto or time.monotonic() > deadline:
            return told


def verify(organisation: Organisation | None, stream: str = "ledger") -> Verification:
    return verify_chain(stream_named(stream), organisation)


@contextmanager
def superuser() -> Iterator[Any]:
    """A cursor for which no trigger fires, as for whoever owns the tables."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            for table in APPEND_ONLY:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
