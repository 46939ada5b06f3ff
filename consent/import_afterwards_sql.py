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
# The planner does not see which organisation it is: of a new one it expects nobody, and looks at all for each.
STATE_OF = """
s.organisation_id = (SELECT %(organisation)s::bigint) AND s.contact_id = {place}.contact_id
    AND s.purpose_id = {place}.purpose_id AND s.channel = {place}.channel"""

# In two steps: find whom it is about, with their states locked in the one order that all writers keep; then write. What
# was found goes back as arrays, whose length the planner knows: one statement for both would take it for a single row,
# and compare everybody with everybody.
FOUND = (
    "contact_id", "purpose_id", "channel", "basis", "occurred_at", "source_reference", "notice_version",
    "notice_digest", "purpose_version", "collection_point_id", "actor", "proof_id", "digest",
    "double_opt_in", "valid_for_days",
)  # fmt: skip

# Who is `unconfirmed` by this import, and by nothing else. They agreed when the file says they did, so that their
# agreement also ends when it would have (C-11); that it was proven is known since now.
UNCONFIRMED = f"""
SELECT s.contact_id, s.purpose_id, s.channel, e.basis, e.occurred_at, %(reference)s, e.notice_version,
       e.notice_digest, e.purpose_version, e.collection_point_id, e.actor, %(evidence)s::bigint,
       %(digest)s::bytea, FALSE, p.valid_for_days
FROM (SELECT e.* {CLAIMED}) e
JOIN consent_consentstate s ON {STATE_OF.format(place="e")} AND s.event_id = e.id
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = s.purpose_id AND NOT p.double_opt_in
WHERE s.status = 'unconfirmed'
ORDER BY s.contact_id, s.purpose_id, s.channel FOR UPDATE OF s
"""  # noqa: S608

# The word that an agreement in force rests on. Index: the event's primary key; events_by_contact.
RESTS_ON = """
SELECT e.id, e.basis, e.purpose_version, e.source, e.source_reference FROM consent_consentevent e
WHERE e.id = CASE WHEN h.status <> 'paused' THEN h.event_id ELSE (
    SELECT y.id FROM consent_consentevent y
    WHERE y.organisation_id = %(organisation)s AND y.contact_id = h.contact_id AND y.purpose_id = h.purpose_id
        AND y.channel = h.channel AND y.action IN ('grant', 'confirm')
    ORDER BY y.id DESC LIMIT 1) END"""

# Who stands agreed, or waits, where this import claimed it; `rests` when it is because of this import. Whoever has said
# anything themselves since then stands on that, and a "no" is not looked at: only what rests on the import is taken
# back.
STANDING = f"""
SELECT h.contact_id, h.purpose_id, h.channel, e.basis, GREATEST(%(now)s::timestamptz, h.since), %(reference)s, '',
       NULL::bytea, e.purpose_version, NULL::bigint, '', %(evidence)s::bigint,
       %(digest)s::bytea, FALSE, NULL::int, e.id IS NOT NULL AS rests
FROM (
    SELECT s.contact_id, s.purpose_id, s.channel, s.status, s.since, s.event_id
    FROM (SELECT DISTINCT e.contact_id, e.purpose_id, e.channel {CLAIMED}) e
    JOIN consent_consentstate s ON {STATE_OF.format(place="e")}
    WHERE s.status IN ('granted', 'unconfirmed', 'paused')
    ORDER BY s.contact_id, s.purpose_id, s.channel FOR UPDATE OF s
) h
LEFT JOIN LATERAL ({RESTS_ON}) e ON e.source IN ('import', 'system') AND e.source_reference = %(reference)s
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
AGREED_BEFORE = f"""
SELECT u.contact_id, u.purpose_id, u.channel, y.basis, y.occurred_at,
       CASE WHEN y.source IN ('import', 'system') THEN y.source_reference ELSE 'event:' || y.id END,
       y.notice_version, y.notice_digest, y.purpose_version, y.collection_point_id, y.actor, y.evidence_id,
       y.evidence_digest,
       p.double_opt_in AND y.action = 'grant' AND y.source <> 'system'
           AND NOT EXISTS (SELECT {EARLIER} AND e.action = 'confirm'),
       p.valid_for_days
FROM unnest(%(contacts)s::bigint[], %(purposes)s::bigint[], %(channels)s::text[]) AS u (contact_id, purpose_id, channel)
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = u.purpose_id
CROSS JOIN LATERAL (
    SELECT e.* {EARLIER} AND e.action IN ('grant', 'confirm') ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1
) y
WHERE NOT EXISTS (SELECT {EARLIER} AND e.id > y.id AND e.action NOT IN ('grant', 'confirm', 'pause', 'resume'))
ORDER BY u.contact_id, u.purpose_id, u.channel
"""  # noqa: S608

GIVEN = """
given AS MATERIALIZED (
    SELECT u.n::int AS n, u.contact_id, u.purpose_id, u.channel, %(action)s::text AS action, u.basis, u.occurred_at,
           'system'::text AS source, u.source_reference, u.notice_version, u.notice_digest, u.purpose_version,
           u.collection_point_id, u.actor, NULL::timestamptz AS paused_until, NULL::bytea AS payload,
           u.proof_id, u.digest, u.double_opt_in, u.valid_for_days
    FROM unnest(%(contact_id)s::bigint[], %(purpose_id)s::bigint[], %(channel)s::text[], %(basis)s::text[],
                %(occurred_at)s::timestamptz[], %(source_reference)s::text[], %(notice_version)s::text[],
                %(notice_digest)s::bytea[], %(purpose_version)s::smallint[], %(collection_point_id)s::bigint[],
                %(actor)s::text[], %(proof_id)s::bigint[],
                %(digest)s::bytea[], %(double_opt_in)s::boolean[], %(valid_for_days)s::int[])
        WITH ORDINALITY AS u (contact_id, purpose_id, channel, basis, occurred_at, source_reference, notice_version,
                              notice_digest, purpose_version, collection_point_id, actor, proof_id, digest,
                              double_opt_in, valid_for_days, n)
)"""


def writing(action: Action) -> str:
    """The ledger's own steps for what was found."""
    decided = sql.decided_with("g.proof_id", Effects(frozenset({action})))
    return f"WITH {GIVEN}, {sql.LOCKED}, {decided}, {sql.SHOWN_EVENTS}, {sql.STATES} SELECT count(*) FROM decided"  # noqa: S608


WRITE = {action: writing(action) for action in (Action.CONFIRM, Action.REVERT, Action.GRANT)}

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
KEEP_EVIDENCE = """
INSERT INTO consent_evidence (id, organisation_id, contact_id, digest, payload, created_at)
VALUES (%(evidence)s, %(organisation)s, NULL, %(digest)s, %(payload)s, %(now)s)
"""
