"""Reads of the ledger."""

from __future__ import annotations

from django.db import connection

from consent.ledger import sql
from portal.organisations.models import Organisation


def consents_in_force(organisation: Organisation) -> dict[int, dict[str, int]]:
    """How many have agreed: purpose id -> channel -> people."""
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.IN_FORCE, {"organisation": organisation.pk})
        for purpose_id, channel, count in cursor.fetchall():
            found.setdefault(purpose_id, {})[channel] = count
    return found
