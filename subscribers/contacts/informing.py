"""Whom the organisation must still tell where their data comes from (G 14(3), N-03), and who has been told (I-08).

An import from a partner, a seller or a public source sets the day (`Contact.art14_due`, a month after it); a message
that told them clears it and keeps the moment (`Contact.art14_sent_at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from portal.organisations.models import Organisation

if TYPE_CHECKING:
    from subscribers.imports.models import Import

# Index: the primary key; a person is told once.
MARK_INFORMED = """
UPDATE subscribers_contact SET art14_sent_at = %(at)s, art14_due = NULL
WHERE organisation_id = %(organisation_id)s AND id = ANY(%(contacts)s::bigint[]) AND art14_due IS NOT NULL
"""
# Indexes: contacts_to_inform and contacts_informed, scanned alone.
DUE = """
SELECT count(*), count(*) FILTER (WHERE c.art14_due < %(today)s) FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.art14_due IS NOT NULL
"""
INFORMED = """
SELECT count(*) FROM subscribers_contact c WHERE c.organisation_id = %(organisation_id)s AND c.art14_sent_at IS NOT NULL
"""
# The same of one import. Index: contacts_by_import.
OF_IMPORT = """
SELECT count(c.art14_due), count(*) FILTER (WHERE c.art14_due < %(today)s), count(c.art14_sent_at)
FROM subscribers_contact c WHERE c.organisation_id = %(organisation_id)s AND c.source_import_id = %(import)s
"""
# Index: contacts_to_inform, its first entry.
ANY_DUE = """
SELECT EXISTS (SELECT FROM subscribers_contact c
    WHERE c.organisation_id = %(organisation_id)s AND c.art14_due IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class InformingCounts:
    """How many must still be told, how many of them since yesterday or longer, and how many have been."""

    due: int
    overdue: int
    informed: int


def today_of(organisation: Organisation, now: datetime | None = None) -> date:
    return (now or timezone.now()).astimezone(organisation.zone).date()


def informing_counts(organisation: Organisation, source: Import | None = None) -> InformingCounts:
    """Counts of the organisation, or of the people one import brought."""
    parameters = {"organisation_id": organisation.pk, "today": today_of(organisation)}
    if source is not None:
        return InformingCounts(*row_of(OF_IMPORT, parameters | {"import": source.pk}))
    return InformingCounts(*row_of(DUE, parameters), *row_of(INFORMED, parameters))


def anybody_to_inform(organisation: Organisation) -> bool:
    return bool(row_of(ANY_DUE, {"organisation_id": organisation.pk})[0])


def mark_informed(organisation: Organisation, contact_ids: Sequence[int], *, at: datetime) -> int:
    """A message told these people, as far as they still had to be told; how many that was."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_INFORMED, {"organisation_id": organisation.pk, "contacts": list(contact_ids), "at": at})
        return int(cursor.rowcount)


def row_of(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return tuple(cursor.fetchone())


def card(organisation: Organisation) -> dict[str, Any]:
    """What the dashboard card shows: the due and the overdue, from one index."""
    due, overdue = row_of(DUE, {"organisation_id": organisation.pk, "today": today_of(organisation)})
    return {"due": due, "overdue": overdue}
