"""The ledger's SQL: one statement records evidence, events and states, for one choice or ten thousand.

Every statement takes ``organisation`` first. The rules come from the table in :mod:`consent.ledger.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable

from consent.ledger.models import Action, Status
from consent.ledger.rules import CONFIRMED, MOVES, NEEDS_EVIDENCE, POSITIVE, STRENGTH


def quoted(values: Iterable[str]) -> str:
    """The list of an IN; only ever of our own constants."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def cases(pairs: Iterable[tuple[str, str]], subject: str, otherwise: str) -> str:
    whens = " ".join(f"WHEN '{value}' THEN {result}" for value, result in pairs)
    return f"CASE {subject} {whens} ELSE {otherwise} END"


# In the expressions below `g` is a choice with its purpose's double_opt_in and valid_for_days, `l` the state it meets
# (all NULL when there is none).
OLD = "COALESCE(l.status, 'none')"
TARGET = cases(((action, f"'{move.target}'") for action, move in MOVES.items()), "g.action", "NULL")
STRENGTHS = [(status, str(strength)) for status, strength in STRENGTH.items()]
IS_STRONGER = f"({cases(STRENGTHS, OLD, '0')} > {cases(STRENGTHS, TARGET, '4')})"
KEPT = f"""(
    (g.source = 'import' AND g.action IN ({quoted(POSITIVE)})
        AND {OLD} <> 'none' AND NOT ({OLD} = 'granted' AND g.occurred_at > l.since))
    OR (g.source IN ('one_click', 'link') AND g.action IN ('withdraw', 'object') AND {OLD} IN ('withdrawn', 'objected'))
)"""
MAY_CHANGE = cases(
    ((action, f"{OLD} IN ({quoted(move.changes)})") for action, move in MOVES.items()), "g.action", "FALSE"
)
DATED = f"g.action IN ({quoted(action for action, move in MOVES.items() if move.dated)})"
CHANGES = f"({MAY_CHANGE} AND ({OLD} = 'none' OR NOT {DATED} OR g.occurred_at >= l.since))"
NEXT_STATUS = f"""CASE
    WHEN {IS_STRONGER} THEN {OLD}
    WHEN g.action = 'grant' AND g.double_opt_in AND {OLD} NOT IN ({quoted(CONFIRMED)}) THEN 'unconfirmed'
    ELSE {TARGET} END"""
NEXT_SINCE = f"CASE WHEN {OLD} = 'none' OR {DATED} THEN g.occurred_at ELSE GREATEST(l.since, g.occurred_at) END"
NEXT_EXPIRY = f"""CASE
    WHEN g.action IN ('pause', 'resume') THEN l.expires_at
    WHEN g.action IN ({quoted(NEEDS_EVIDENCE)}) THEN g.occurred_at + make_interval(days => g.valid_for_days) END"""
NEXT_PAUSE = "CASE WHEN g.action = 'pause' THEN g.paused_until END"
NEXT_EVENT = f"CASE WHEN {IS_STRONGER} THEN l.event_id ELSE g.event_id END"

# The choices of a batch; a contact or purpose of another organisation is not found and drops out.
# Index: the primary keys of both.
GIVEN_BATCH = """
given AS MATERIALIZED (
    SELECT u.n, u.contact_id, u.purpose_id, u.channel, u.action, COALESCE(NULLIF(u.basis, ''), p.basis) AS basis,
           u.occurred_at, u.source, u.source_reference, u.notice_version, u.paused_until, u.digest, u.payload,
           p.double_opt_in, p.valid_for_days
    FROM unnest(%(n)s::int[], %(contact)s::bigint[], %(purpose)s::bigint[], %(channel)s::text[], %(action)s::text[],
                %(basis)s::text[], %(occurred_at)s::timestamptz[], %(source)s::text[], %(source_reference)s::text[],
                %(notice_version)s::text[], %(paused_until)s::timestamptz[], %(digest)s::bytea[], %(payload)s::bytea[])
        AS u(n, contact_id, purpose_id, channel, action, basis, occurred_at, source, source_reference, notice_version,
             paused_until, digest, payload)
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = u.purpose_id
    JOIN subscribers_contact c ON c.organisation_id = %(organisation)s AND c.id = u.contact_id
)"""

# One person's "stop" on one channel: for the purpose named, or (NULL) for all that use the channel (W-07). Leaving a
# purpose that does not stand on consent is an objection (G 21(2)).
GIVEN_STOP = """
given AS MATERIALIZED (
    SELECT 0 AS n, c.id AS contact_id, p.id AS purpose_id, %(channel)s::text AS channel,
           CASE WHEN p.basis = 'consent' THEN 'withdraw' ELSE 'object' END AS action, p.basis,
           %(now)s::timestamptz AS occurred_at, %(source)s::text AS source, ''::text AS source_reference,
           ''::text AS notice_version, NULL::timestamptz AS paused_until, %(digest)s::bytea AS digest,
           %(payload)s::bytea AS payload, p.double_opt_in, p.valid_for_days
    FROM subscribers_contact c
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s
        AND (p.id = %(purpose)s::bigint OR (%(purpose)s::bigint IS NULL AND %(channel)s::text = ANY (p.channels)))
    WHERE c.organisation_id = %(organisation)s AND c.id = %(contact)s
)"""

# The states these choices meet, locked in one order for all, so that two batches can't wait for each other; a lock
# also gives the newest version of the row, whoever wrote it meanwhile. Index: the state's primary key.
LOCKED = """
locked AS MATERIALIZED (
    SELECT s.contact_id, s.purpose_id, s.channel, s.status, s.since, s.expires_at, s.event_id
    FROM given g
    JOIN consent_consentstate s ON s.organisation_id = %(organisation)s AND s.contact_id = g.contact_id
        AND s.purpose_id = g.purpose_id AND s.channel = g.channel
    ORDER BY s.contact_id, s.purpose_id, s.channel
    FOR UPDATE OF s
)"""


def decided_with(evidence_id: str) -> str:
    """The choices that count, numbered, with what becomes of the state; ``evidence_id`` is SQL about a choice ``g``."""
    return f"""
numbered AS MATERIALIZED (
    SELECT g.*, l.contact_id IS NOT NULL AS has_state,
           nextval('consent_consentevent_id_seq') AS event_id,
           {evidence_id} AS evidence_id
    FROM given g LEFT JOIN locked l USING (contact_id, purpose_id, channel)
    WHERE NOT {KEPT}
    ORDER BY g.n
),
decided AS MATERIALIZED (
    SELECT g.*, {CHANGES} AS changes, {NEXT_STATUS} AS next_status, {NEXT_SINCE} AS next_since,
           {NEXT_EXPIRY} AS next_expires_at, {NEXT_PAUSE} AS next_paused_until, {NEXT_EVENT} AS next_event_id
    FROM numbered g LEFT JOIN locked l USING (contact_id, purpose_id, channel)
)"""  # noqa: S608


DECIDED = decided_with("CASE WHEN g.digest IS NOT NULL THEN nextval('consent_evidence_id_seq') END")

PROOFS = """
proofs AS (
    INSERT INTO consent_evidence (id, organisation_id, contact_id, digest, payload, created_at)
    SELECT evidence_id, %(organisation)s, contact_id, digest, payload, %(now)s::timestamptz
    FROM decided WHERE evidence_id IS NOT NULL
)"""

EVENTS = """
events AS (
    INSERT INTO consent_consentevent (id, organisation_id, contact_id, purpose_id, channel, action, basis, occurred_at,
        recorded_at, source, source_reference, notice_version, evidence_id, evidence_digest)
    SELECT event_id, %(organisation)s, contact_id, purpose_id, channel, action, basis, occurred_at,
        %(now)s::timestamptz, source, source_reference, notice_version, evidence_id, digest
    FROM decided ORDER BY n
)"""

# Two first choices of one person at the same instant: the second meets a row it could not lock. Then a "no" wins
# and a "yes" waits for the next word.
STATES = f"""
changed AS (
    UPDATE consent_consentstate s
    SET status = d.next_status, since = d.next_since, expires_at = d.next_expires_at,
        paused_until = d.next_paused_until, event_id = d.next_event_id
    FROM decided d
    WHERE d.changes AND d.has_state AND s.organisation_id = %(organisation)s AND s.contact_id = d.contact_id
        AND s.purpose_id = d.purpose_id AND s.channel = d.channel
),
created AS (
    INSERT INTO consent_consentstate AS s
        (organisation_id, contact_id, purpose_id, channel, status, since, expires_at, paused_until, event_id)
    SELECT %(organisation)s, contact_id, purpose_id, channel, next_status, next_since, next_expires_at,
        next_paused_until, next_event_id
    FROM decided WHERE changes AND NOT has_state
    ON CONFLICT (organisation_id, contact_id, purpose_id, channel) DO UPDATE
    SET status = EXCLUDED.status, since = EXCLUDED.since, expires_at = NULL, paused_until = NULL,
        event_id = EXCLUDED.event_id
    WHERE {cases(STRENGTHS, "EXCLUDED.status", "0")} > {cases(STRENGTHS, "s.status", "0")}
)"""  # noqa: S608

# The audit entry of a door that has no member: one for each event, written with it.
AUDIT = """
audited AS (
    INSERT INTO portal_auditentry
        (organisation_id, at, actor_kind, actor_reference, action, target_type, target_id, details, ip)
    SELECT %(organisation)s, %(now)s::timestamptz, 'link', 'contact:' || contact_id, 'consent.withdrawn', 'contact',
        contact_id::text, jsonb_build_object('event', event_id, 'purpose', purpose_id, 'channel', channel,
        'action', action, 'source', source), %(ip)s::inet
    FROM decided
)"""

RECORD = f"WITH {GIVEN_BATCH}, {LOCKED}, {DECIDED}, {PROOFS}, {EVENTS}, {STATES} SELECT n, event_id FROM decided"  # noqa: S608
STOP = f"WITH {GIVEN_STOP}, {LOCKED}, {DECIDED}, {PROOFS}, {EVENTS}, {STATES}, {AUDIT} SELECT event_id FROM decided"  # noqa: S608

# How many have agreed, by purpose and channel. Index: states_granted, scanned alone.
IN_FORCE = """
SELECT purpose_id, channel, count(*) FROM consent_consentstate
WHERE organisation_id = %(organisation)s AND status = 'granted'
GROUP BY purpose_id, channel
"""

assert set(MOVES) == set(Action), "every action has its move"  # noqa: S101
assert {move.target for move in MOVES.values()} <= set(Status)  # noqa: S101
