"""The statements by which what an import claimed is confirmed or taken back; each works on a window of its events.

The ledger's own steps decide and write (`consent.ledger.sql`); these say about whom. Nothing is ever deleted.
"""

from __future__ import annotations

from consent.ledger import sql
from consent.ledger.models import Action
from consent.ledger.sql import Effects, quoted

# The events an import wrote itself; those about it that Accord wrote later name it, too, with the source `system`.
# Index: events_by_time, a few blocks; the organisation's other events among them are passed over.
SPAN = """
SELECT min(e.id + 0), max(e.id + 0) FROM consent_consentevent e
WHERE e.organisation_id = %(organisation)s AND e.recorded_at BETWEEN %(since)s AND %(until)s
    AND e.source = 'import' AND e.source_reference = %(reference)s AND e.action = 'grant'
"""
# Index: the event's primary key, a range of it.
CLAIMED = """
FROM consent_consentevent e
WHERE e.organisation_id = %(organisation)s AND e.id > %(after)s AND e.id <= %(upto)s
    AND e.source = 'import' AND e.source_reference = %(reference)s AND e.action = 'grant'"""
STATE_OF = """
s.organisation_id = %(organisation)s AND s.contact_id = {place}.contact_id AND s.purpose_id = {place}.purpose_id
    AND s.channel = {place}.channel"""

# The states that are meant, as they are now, locked in the one order that all writers keep.
LOCKED = "locked AS MATERIALIZED (SELECT h.* FROM held h)"
COLUMNS = "s.contact_id, s.purpose_id, s.channel, s.status, s.since, s.expires_at, s.event_id"

# One document for the events of a window, if there are any.
PROOF = """
proof AS (
    INSERT INTO consent_evidence (id, organisation_id, contact_id, digest, payload, created_at)
    SELECT %(evidence)s, %(organisation)s, NULL, %(digest)s, %(payload)s, %(now)s::timestamptz
    WHERE EXISTS (SELECT FROM decided)
)"""

# Who is `unconfirmed` by this import, and by nothing else. They agreed when the file says they did, so that their
# agreement also ends when it would have (C-11); that it was proven is known since now.
CONFIRM = f"""
WITH held AS MATERIALIZED (
    SELECT {COLUMNS} FROM (SELECT e.* {CLAIMED}) e
    JOIN consent_consentstate s ON {STATE_OF.format(place="e")} AND s.event_id = e.id
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = s.purpose_id AND NOT p.double_opt_in
    WHERE s.status = 'unconfirmed'
    ORDER BY s.contact_id, s.purpose_id, s.channel FOR UPDATE OF s
),
given AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY h.event_id)::int AS n, h.contact_id, h.purpose_id, h.channel,
           'confirm'::text AS action, e.basis, e.occurred_at, 'system'::text AS source,
           %(reference)s::text AS source_reference, e.notice_version, NULL::timestamptz AS paused_until,
           NULL::bytea AS payload, %(evidence)s::bigint AS proof_id, %(digest)s::bytea AS digest,
           FALSE AS double_opt_in, p.valid_for_days
    FROM held h JOIN consent_consentevent e ON e.id = h.event_id
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = h.purpose_id
),
{LOCKED}, {sql.decided_with("g.proof_id", Effects(frozenset({Action.CONFIRM})))}, {PROOF}, {sql.EVENTS}, {sql.STATES}
SELECT count(*) FROM decided
"""  # noqa: S608

# The word that an agreement in force rests on. Index: the event's primary key; events_by_contact.
RESTS_ON = """
SELECT e.id, e.basis, e.source, e.source_reference FROM consent_consentevent e
WHERE e.id = CASE WHEN h.status <> 'paused' THEN h.event_id ELSE (
    SELECT y.id FROM consent_consentevent y
    WHERE y.organisation_id = %(organisation)s AND y.contact_id = h.contact_id AND y.purpose_id = h.purpose_id
        AND y.channel = h.channel AND y.action IN ('grant', 'confirm')
    ORDER BY y.id DESC LIMIT 1) END"""

# Who stands agreed, or waits, because of this import. Whoever has said anything themselves since then stands on that,
# and a "no" is not touched at all: only what rests on the import is taken back.
REVERT = f"""
WITH held AS MATERIALIZED (
    SELECT {COLUMNS} FROM (SELECT DISTINCT e.contact_id, e.purpose_id, e.channel {CLAIMED}) e
    JOIN consent_consentstate s ON {STATE_OF.format(place="e")}
    WHERE s.status IN ('granted', 'unconfirmed', 'paused')
    ORDER BY s.contact_id, s.purpose_id, s.channel FOR UPDATE OF s
),
given AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY h.contact_id, h.purpose_id, h.channel)::int AS n, h.contact_id, h.purpose_id,
           h.channel, 'revert'::text AS action, e.basis, GREATEST(%(now)s::timestamptz, h.since) AS occurred_at,
           'system'::text AS source, %(reference)s::text AS source_reference, ''::text AS notice_version,
           NULL::timestamptz AS paused_until, NULL::bytea AS payload, %(evidence)s::bigint AS proof_id,
           %(digest)s::bytea AS digest, FALSE AS double_opt_in, NULL::int AS valid_for_days
    FROM held h JOIN LATERAL ({RESTS_ON}) e
        ON e.source IN ('import', 'system') AND e.source_reference = %(reference)s
),
{LOCKED}, {sql.decided_with("g.proof_id", Effects(frozenset({Action.REVERT})))}, {PROOF}, {sql.EVENTS}, {sql.STATES}
SELECT d.contact_id, d.purpose_id, d.channel, (SELECT count(*) FROM held)
FROM (VALUES (1)) always LEFT JOIN decided d ON TRUE
"""  # noqa: S608

# Words that count no more: those of imports that are undone or deleted, and what Accord wrote about them.
GONE = """(e.source IN ('import', 'system') AND e.source_reference = ANY (%(gone)s::text[])
    AND e.action IN ('grant', 'confirm', 'revert'))"""
EARLIER = f"""
FROM consent_consentevent e
WHERE e.organisation_id = %(organisation)s AND e.contact_id = u.contact_id AND e.purpose_id = u.purpose_id
    AND e.channel = u.channel AND NOT {GONE}"""

# An agreement from elsewhere that the import had refreshed stands again, with its own date and its own evidence; not
# when the person has said no since. Index: events_by_contact.
RESTORE = f"""
WITH given AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY u.contact_id, u.purpose_id, u.channel)::int AS n, u.contact_id, u.purpose_id,
           u.channel, 'grant'::text AS action, y.basis, y.occurred_at, 'system'::text AS source,
           CASE WHEN y.source IN ('import', 'system') THEN y.source_reference ELSE 'event:' || y.id END
               AS source_reference,
           y.notice_version, NULL::timestamptz AS paused_until, NULL::bytea AS payload, y.evidence_id AS proof_id,
           y.evidence_digest AS digest,
           p.double_opt_in AND y.action = 'grant' AND y.source <> 'system'
               AND NOT EXISTS (SELECT {EARLIER} AND e.action = 'confirm') AS double_opt_in,
           p.valid_for_days
    FROM unnest(%(contacts)s::bigint[], %(purposes)s::bigint[], %(channels)s::text[])
        AS u (contact_id, purpose_id, channel)
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = u.purpose_id
    CROSS JOIN LATERAL (
        SELECT e.* {EARLIER} AND e.action IN ('grant', 'confirm') ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1
    ) y
    WHERE NOT EXISTS (SELECT {EARLIER} AND e.id > y.id AND e.action NOT IN ('grant', 'confirm', 'pause', 'resume'))
),
{sql.LOCKED}, {sql.decided_with("g.proof_id", sql.GRANTING)}, {sql.EVENTS}, {sql.STATES}
SELECT count(*) FROM decided
"""  # noqa: S608

# Of the places the import claimed: how many states rest on it now, and how many agreements are somebody's newer word.
# Indexes: events_by_time; the state's and the event's primary keys, or hashes of them.
RESTING = f"""
SELECT count(*) FILTER (WHERE s.event_id = e.id OR w.id IS NOT NULL),
       count(*) FILTER (WHERE s.event_id <> e.id AND w.id IS NULL AND s.status IN ('granted', 'paused'))
FROM consent_consentevent e
JOIN consent_consentstate s ON {STATE_OF.format(place="e")}
LEFT JOIN consent_consentevent w ON w.id = s.event_id AND s.event_id <> e.id
    AND w.source IN ('import', 'system') AND w.source_reference = %(reference)s AND w.action IN ('grant', 'confirm')
WHERE e.organisation_id = %(organisation)s AND e.recorded_at BETWEEN %(since)s AND %(until)s
    AND e.source = 'import' AND e.source_reference = %(reference)s AND e.action = 'grant'
"""  # noqa: S608

# About a contact `c`: somebody else than Accord and this import said something about them. Index: events_by_contact.
OWN_CHOICE = """
EXISTS (SELECT FROM consent_consentevent e WHERE e.organisation_id = c.organisation_id AND e.contact_id = c.id
    AND e.source <> 'system'
    AND NOT (e.source = 'import' AND e.action = 'grant' AND e.source_reference = ANY (%(gone)s::text[])))"""
HANDED_OFF = "c.id = ANY (%(handed_off)s::bigint[])"

# About a contact `c`: an agreement stands that does not rest on lots that are gone or held. Index: the state's primary
# key.
AGREED_ELSEWHERE = f"""
EXISTS (SELECT FROM consent_consentstate h WHERE h.organisation_id = c.organisation_id AND h.contact_id = c.id
    AND h.status IN ('granted', 'paused')
    AND NOT EXISTS (
        SELECT FROM ({RESTS_ON.replace("%(organisation)s", "h.organisation_id")}) e
        WHERE e.source IN ('import', 'system') AND e.source_reference = ANY (%(not_counted)s::text[])
    ))"""  # noqa: S608

REFUSALS = f"""
SELECT DISTINCT s.contact_id, s.channel FROM consent_consentstate s
WHERE s.organisation_id = %(organisation)s AND s.contact_id = ANY (%(contacts)s::bigint[])
    AND s.status IN ({quoted(("refused", "withdrawn", "objected"))})
ORDER BY s.contact_id, s.channel
"""  # noqa: S608
EVIDENCE_ID = "SELECT nextval('consent_evidence_id_seq')"
