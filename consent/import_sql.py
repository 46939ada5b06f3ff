"""The statements by which an import's chunk gets into the ledger; ``{staged}`` and ``{merged}`` are its two tables.

One statement for people just created (they have no state, so nothing is looked up or locked) and one for people met,
which goes through the ledger's own rules. Both take the claims of the file as arrays.
"""

from __future__ import annotations

from consent.ledger import sql

CLAIMS = """
unnest(%(purposes)s::bigint[], %(channels)s::text[], %(bases)s::text[], %(waits)s::boolean[], %(days)s::int[])
    AS p(purpose_id, channel, basis, waits, valid_for_days)"""

# Evidence of single rows, where the file brings an IP address with each: line -> evidence. Empty arrays otherwise.
ROW_PROOFS = (
    "unnest(%(proof_lines)s::bigint[], %(proof_ids)s::bigint[], %(proof_digests)s::bytea[]) AS r(line, id, digest)"
)
WITH_ROW_PROOFS = f"LEFT JOIN {ROW_PROOFS} ON r.line = m.line"
ROW_PROOF_ID = "COALESCE(r.id, %(evidence)s::bigint)"
ROW_PROOF_DIGEST = "COALESCE(r.digest, %(digest)s::bytea)"
FILE_PROOF_ID = "%(evidence)s::bigint"
FILE_PROOF_DIGEST = "%(digest)s::bytea"
# A row's own date counts where the file has one; the file's date for the others (I-09).
OCCURRED_AT = "COALESCE(m.occurred_at, %(collected_at)s::timestamptz)"

RECORD_NEW = """
WITH fresh AS MATERIALIZED (
    SELECT nextval('consent_consentevent_id_seq') AS event_id, m.contact_id, p.purpose_id, p.channel, p.basis, p.waits,
           p.valid_for_days, {occurred_at} AS occurred_at, {proof_id} AS evidence_id, {proof_digest} AS digest
    FROM {merged} m {row_proofs} CROSS JOIN {claims}
    WHERE m.is_new
),
events AS (
    INSERT INTO consent_consentevent (id, organisation_id, contact_id, purpose_id, channel, action, basis, occurred_at,
        recorded_at, source, source_reference, notice_version, evidence_id, evidence_digest)
    SELECT event_id, %(organisation)s, contact_id, purpose_id, channel, 'grant', basis, occurred_at,
        %(now)s, 'import', %(reference)s, '', evidence_id, digest
    FROM fresh
)
INSERT INTO consent_consentstate
    (organisation_id, contact_id, purpose_id, channel, status, since, expires_at, paused_until, event_id)
SELECT %(organisation)s, contact_id, purpose_id, channel, CASE WHEN waits THEN 'unconfirmed' ELSE 'granted' END,
    occurred_at, occurred_at + make_interval(days => valid_for_days), NULL, event_id
FROM fresh
"""

# Only what may change anything: nobody who said no, or agreed as lately, is even locked (I-06). What an unproven file
# claims refreshes nothing either (I-04). The states are looked up one by one: the planner would rather read all there
# are. Index: the state's primary key.
MET = f"""
FROM {{merged}} m {{row_proofs}} CROSS JOIN {CLAIMS}
LEFT JOIN LATERAL (
    SELECT s.status, s.since FROM consent_consentstate s
    WHERE s.organisation_id = %(organisation)s AND s.contact_id = m.contact_id AND s.purpose_id = p.purpose_id
        AND s.channel = p.channel
    OFFSET 0
) l ON true
WHERE NOT m.is_new
    AND ({sql.OLD} = 'none' OR ({sql.OLD} = 'granted' AND {OCCURRED_AT} > l.since AND NOT %(held)s))"""  # noqa: S608

GIVEN_MET = f"""
given AS MATERIALIZED (
    SELECT m.line AS n, m.contact_id, p.purpose_id, p.channel, 'grant'::text AS action, p.basis,
           {OCCURRED_AT} AS occurred_at, 'import'::text AS source, %(reference)s::text AS source_reference,
           ''::text AS notice_version, NULL::timestamptz AS paused_until, NULL::bytea AS payload,
           {{proof_id}} AS proof_id, {{proof_digest}} AS digest, p.waits AS double_opt_in, p.valid_for_days
    {MET}
)"""

# The ledger's own steps, with evidence that is there already instead of a document of each choice.
RECORD_MET = f"""
WITH {GIVEN_MET}, {sql.LOCKED}, {sql.decided_with("g.proof_id", sql.GRANTING)}, {sql.EVENTS}, {sql.STATES}
SELECT count(*) FROM decided
"""  # noqa: S608

# The rows whose own evidence will be needed.
ROWS_TO_PROVE = f"""
SELECT s.line, m.contact_id, host(s.ip), {OCCURRED_AT} FROM {{merged}} m JOIN {{staged}} s ON s.line = m.line
WHERE s.ip IS NOT NULL AND (m.is_new OR EXISTS (SELECT 1 {MET.replace("{merged} m {row_proofs}", "(SELECT m.*) m")}))
"""  # noqa: S608

EVIDENCE_IDS = "SELECT nextval('consent_evidence_id_seq') FROM generate_series(1, %(count)s)"
COPY_EVIDENCE = "COPY consent_evidence (id, organisation_id, contact_id, digest, payload, created_at) FROM STDIN"

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
