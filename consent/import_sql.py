"""How an import's chunk gets into the ledger; ``{staged}`` is the table of the rows that met contacts.

People just created have no state, so what is written for them is copied; people met go through the ledger's own rules.
"""

from __future__ import annotations

from consent.ledger import sql

COPY_EVIDENCE = "COPY consent_evidence (organisation_id, created_at, id, contact_id, digest, payload) FROM STDIN"
COPY_EVENTS = """
COPY consent_consentevent (organisation_id, action, recorded_at, source, source_reference, notice_version, purpose_id,
    channel, basis, purpose_version, id, contact_id, occurred_at, evidence_id, evidence_digest) FROM STDIN
"""
# The same of an import that names its collection point.
COPY_SHOWN_EVENTS = """
COPY consent_consentevent (organisation_id, action, recorded_at, source, source_reference, purpose_id, channel, basis,
    collection_point_id, id, contact_id, occurred_at, evidence_id, evidence_digest, purpose_version, notice_version,
    notice_digest) FROM STDIN
"""
COPY_STATES = """
COPY consent_consentstate (organisation_id, purpose_id, channel, status, contact_id, since, expires_at, event_id)
FROM STDIN
"""
EVENT_IDS, EVIDENCE_IDS = "consent_consentevent_id_seq", "consent_evidence_id_seq"

NOES = sql.quoted(("refused", "withdrawn", "objected"))

# What the rows claim about people met, as far as it may change anything or meets a "no": nobody who said no, or agreed
# as lately, is even locked (I-06). What an unproven file claims refreshes nothing either (I-04). A row may narrow the
# claims of its file. The states are looked up one by one: the planner would rather read all there are.
# Index: the state's primary key.
MET = f"""
SELECT s.line, s.contact_id, p.n, {sql.OLD}
FROM {{staged}} s
CROSS JOIN unnest(%(numbers)s::int[], %(purposes)s::bigint[], %(keys)s::text[], %(channels)s::text[])
    AS p(n, purpose_id, key, channel)
LEFT JOIN LATERAL (
    SELECT x.status, x.since FROM consent_consentstate x
    WHERE x.organisation_id = %(organisation)s AND x.contact_id = s.contact_id AND x.purpose_id = p.purpose_id
        AND x.channel = p.channel
    OFFSET 0
) l ON true
WHERE NOT s.repeated AND COALESCE(s.said, 'grant') = 'grant'
    AND (s.purposes IS NULL OR p.key = ANY (s.purposes)) AND (s.channels IS NULL OR p.channel = ANY (s.channels))
    AND ({sql.OLD} IN ('none', 'unanswered', {NOES})
        OR ({sql.OLD} = 'granted' AND COALESCE(s.occurred_at, %(collected_at)s::timestamptz) > l.since
            AND NOT %(held)s))
ORDER BY s.line, p.n
"""  # noqa: S608


def given_met(notice: str, **arrays: str) -> str:
    """What is recorded of people met; ``arrays``: name -> type of what only a file with a collection point brings."""
    more = "".join(f", %({name})s::{kind}[]" for name, kind in arrays.items())
    names = "".join(f", {name}" for name in arrays)
    return f"""
given AS MATERIALIZED (
    SELECT u.n, u.contact_id, u.purpose_id, u.channel, 'grant'::text AS action, u.basis, u.occurred_at,
           'import'::text AS source, %(reference)s::text AS source_reference, {notice},
           u.purpose_version, NULL::timestamptz AS paused_until,
           COALESCE(u.digest, %(digest)s::bytea) AS digest, u.payload, u.waits AS double_opt_in, u.valid_for_days
    FROM unnest(%(n)s::int[], %(contact)s::bigint[], %(purpose)s::bigint[], %(channel)s::text[], %(basis)s::text[],
                %(occurred_at)s::timestamptz[], %(digests)s::bytea[], %(payloads)s::bytea[], %(waits)s::boolean[],
                %(days)s::int[], %(version)s::smallint[]{more})
        AS u(n, contact_id, purpose_id, channel, basis, occurred_at, digest, payload, waits, valid_for_days,
             purpose_version{names})
    JOIN subscribers_contact c ON c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = u.contact_id
    ORDER BY u.contact_id FOR KEY SHARE OF c
)"""  # noqa: S608


WITHOUT_NOTICE = given_met("''::text AS notice_version")
WITH_NOTICE = given_met(
    "u.notice_version, u.notice_digest, %(point)s::bigint AS collection_point_id",
    notice_version="text",
    notice_digest="bytea",
)
OWN_OR_FILE = "CASE WHEN g.payload IS NULL THEN %(evidence)s::bigint ELSE nextval('consent_evidence_id_seq') END"
OWN_PROOFS = sql.PROOFS.replace("WHERE evidence_id IS NOT NULL", "WHERE payload IS NOT NULL")


def recording(given: str, events: str) -> str:
    """The ledger's own steps."""
    decided = sql.decided_with(OWN_OR_FILE, sql.GRANTING)
    return f"""
WITH {given}, {sql.LOCKED}, {decided}, {OWN_PROOFS}, {events}, {sql.STATES}
SELECT count(*), count(*) FILTER (WHERE next_expires_at <= %(now)s) FROM decided
"""  # noqa: S608


RECORD_MET = recording(WITHOUT_NOTICE, sql.EVENTS)
RECORD_MET_SHOWN = recording(WITH_NOTICE, sql.events_with("notice_digest", "collection_point_id"))

# Opt-outs of people who are known: for each purpose on these channels, unless they have stopped already. Leaving a
# purpose that does not stand on consent is an objection (G 21(2)).
GIVEN_STOPS = """
given AS MATERIALIZED (
    SELECT u.n, u.contact_id, p.id AS purpose_id, u.channel,
           CASE WHEN p.basis = 'consent' THEN 'withdraw' ELSE 'object' END AS action, p.basis, u.occurred_at,
           'import'::text AS source, %(reference)s::text AS source_reference, ''::text AS notice_version,
           p.version AS purpose_version, %(digest)s::bytea AS digest
    FROM unnest(%(n)s::int[], %(contact)s::bigint[], %(channel)s::text[], %(occurred_at)s::timestamptz[])
        AS u(n, contact_id, channel, occurred_at)
    JOIN subscribers_contact c ON c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = u.contact_id
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND u.channel = ANY (p.channels)
    ORDER BY u.contact_id FOR KEY SHARE OF c
)"""
STOPPED = sql.decided_with("%(evidence)s::bigint", sql.CLICKED_STOP)
WITHDRAW = f"""
WITH {GIVEN_STOPS}, {sql.LOCKED}, {STOPPED}, {sql.EVENTS}, {sql.STATES} SELECT count(*) FROM decided
"""  # noqa: S608
# The same for a dry run: how many there would be.
COUNT_STOPS = f"""
WITH {GIVEN_STOPS}
SELECT count(*) FROM given g
LEFT JOIN consent_consentstate l ON l.organisation_id = %(organisation)s AND l.contact_id = g.contact_id
    AND l.purpose_id = g.purpose_id AND l.channel = g.channel
WHERE NOT ({sql.CLICKED_STOP.kept})
"""  # noqa: S608

PROOF_OF_IMPORT = """
SELECT e.id, e.digest FROM consent_importproof i
JOIN consent_evidence e ON e.organisation_id = %(organisation)s AND e.id = i.evidence_id
WHERE i.organisation_id = %(organisation)s AND i.source_import_id = %(import)s
"""
KEEP_PROOF = """
WITH proof AS (
    INSERT INTO consent_evidence (organisation_id, contact_id, digest, payload, created_at)
    VALUES (%(organisation)s, NULL, %(digest)s, %(payload)s, %(now)s)
    RETURNING id
)
INSERT INTO consent_importproof (organisation_id, source_import_id, evidence_id)
SELECT %(organisation)s, %(import)s, id FROM proof
RETURNING evidence_id
"""
