"""What rests on an event that is not there, or the other way round: there are no foreign keys in the ledger, so the
verification looks.
"""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from consent.texts.checking import text_findings
from portal.seals.streams import Named, Orphan
from portal.ui.components import Text

SHOWN = 10
FINDINGS: dict[str, Text] = {
    "state_without_event": _("Somebody stands where no word of theirs has put them."),
    "evidence_changed": _("The documents of these events are not the ones they name."),
    "text_changed": _("This text is not the one that was published."),
    "text_missing": _("This text was shown to people and is gone."),
    "text_unrecorded": _("Nobody has published this text."),
    "text_period_changed": _("This text was not live for as long as its record says."),
}

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


def orphans(organisation_id: int | None, named: Named) -> list[Orphan]:
    """States without their event, events whose document is another one, and texts that are not as they were shown."""
    parameters = {"organisation": organisation_id, "shown": SHOWN}
    found: list[Orphan] = []
    with connection.cursor() as cursor:
        for code, statement in (("state_without_event", STATES_WITHOUT_EVENT), ("evidence_changed", OTHER_EVIDENCE)):
            cursor.execute(statement, parameters)
            found += [Orphan(code, text) for (text,) in cursor.fetchall()]
    return found + (text_findings(organisation_id, named) if organisation_id else [])
