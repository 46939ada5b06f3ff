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

# Both look each row up by one primary key. As joins they compared everybody with everybody where the planner had not
# met the organisation yet.
# Where people stand, without the word that it stands on. Indexes: the state's and the event's primary keys.
STATES_WITHOUT_EVENT = """
SELECT s.contact_id || '/' || s.purpose_id || '/' || s.channel
FROM consent_consentstate s
WHERE s.organisation_id = %(organisation)s AND (
    SELECT (e.organisation_id, e.contact_id, e.purpose_id, e.channel)
         = (s.organisation_id, s.contact_id, s.purpose_id, s.channel)
    FROM consent_consentevent e WHERE e.id = s.event_id
) IS NOT TRUE
LIMIT %(shown)s
"""
# Documents that are not the ones their events name. Index: the evidence's primary key.
OTHER_EVIDENCE = """
SELECT e.id::text
FROM consent_consentevent e
WHERE e.organisation_id = %(organisation)s AND (
    SELECT d.digest IS DISTINCT FROM e.evidence_digest OR d.organisation_id <> e.organisation_id
    FROM consent_evidence d WHERE d.id = e.evidence_id
)
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
