"""What rests on an event that is not there: there are no foreign keys in the ledger, so the verification looks."""

from __future__ import annotations

from django.db import connection

from portal.seals.streams import Orphan

SHOWN = 10

# Where people stand, without the word that it stands on. Indexes: the state's and the event's primary keys.
STATES_WITHOUT_EVENT = """
SELECT s.contact_id || '/' || s.purpose_id || '/' || s.channel
FROM consent_consentstate s LEFT JOIN consent_consentevent e
    ON e.id = s.event_id AND e.organisation_id = s.organisation_id AND e.contact_id = s.contact_id
    AND e.purpose_id = s.purpose_id AND e.channel = s.channel
WHERE s.organisation_id = %(organisation)s AND e.id IS NULL
LIMIT %(shown)s
"""
# Documents that are not the ones their events name. Index: the evidence's primary key.
OTHER_EVIDENCE = """
SELECT e.id::text
FROM consent_consentevent e JOIN consent_evidence d ON d.id = e.evidence_id
WHERE e.organisation_id = %(organisation)s
    AND (d.digest IS DISTINCT FROM e.evidence_digest OR d.organisation_id <> e.organisation_id)
LIMIT %(shown)s
"""


def orphans(organisation_id: int | None) -> list[Orphan]:
    """States without their event, and events whose document is another one."""
    parameters = {"organisation": organisation_id, "shown": SHOWN}
    found: list[Orphan] = []
    with connection.cursor() as cursor:
        for code, statement in (("state_without_event", STATES_WITHOUT_EVENT), ("evidence_changed", OTHER_EVIDENCE)):
            cursor.execute(statement, parameters)
            found += [Orphan(code, text) for (text,) in cursor.fetchall()]
    return found
