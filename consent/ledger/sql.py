"""The ledger's SQL: one statement records evidence, events and states, for one choice or ten thousand.

Every statement takes ``organisation`` first. The rules come from the table in :mod:`consent.ledger.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consent.ledger.models import Action, Status
from consent.ledger.rules import CONFIRMED, EMPTY, EVERY, MOVES, NEEDS_EVIDENCE, POSITIVE, REPEATING, STRENGTH


def quoted(values: Iterable[str]) -> str:
    """The list of an IN; only ever of our own constants."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def in_one_line(statement: str) -> str:
    """The statement with its white space and line ends folded; it holds no comment and no quoted white space."""
    return " ".join(statement.split())


def cases(pairs: Iterable[tuple[str, str]], subject: str, otherwise: str) -> str:
    whens = " ".join(f"WHEN '{value}' THEN {result}" for value, result in pairs)
    return f"CASE {subject} {whens} ELSE {otherwise} END"


# In the expressions below `g` is a choice with its purpose's double_opt_in and valid_for_days, `l` the state it meets
# (all NULL when there is none).
OLD = "COALESCE(l.status, 'none')"
FRESH = f"({OLD} = 'none' OR ({OLD} = 'unanswered' AND g.action <> 'ask'))"
STRENGTHS = [(status, str(strength)) for status, strength in STRENGTH.items()]
KEPT_FROM_IMPORT = f"""(g.source = 'import' AND g.action IN ({quoted(POSITIVE)})
    AND {OLD} NOT IN ({quoted(EMPTY)}) AND NOT ({OLD} = 'granted' AND g.occurred_at > l.since))"""
KEPT_AGAIN = f"""(g.source IN ({quoted(REPEATING)}) AND g.action IN ('withdraw', 'object')
    AND {OLD} IN ('withdrawn', 'objected'))"""


@dataclass(frozen=True)
class Effects:
    """What these actions do to a state, as SQL: the table of moves, cut to the actions a statement can meet.

    ``clicked``: they come from links or lists alone; so nobody who has stopped gets as far as the state.
    """

    actions: frozenset[Action]
    clicked: bool = False

    @property
    def kept(self) -> str:
        """True where the choice is not recorded (:func:`consent.ledger.rules.is_kept`)."""
        if self.clicked:
            return f"{OLD} IN ('withdrawn', 'objected')"
        found = [KEPT_FROM_IMPORT] if self.actions & POSITIVE else []
        if self.actions & {Action.WITHDRAW, Action.OBJECT}:
            found.append(KEPT_AGAIN)
        return " OR ".join(found) or "FALSE"

    @property
    def target(self) -> str:
        return cases(((action, f"'{MOVES[action].target}'") for action in sorted(self.actions)), "g.action", "NULL")

    @property
    def is_stronger(self) -> str:
        """True where the state holds a stronger "no" than the action would put there."""
        strongest = max(STRENGTH.values())
        if self.clicked or all(
            STRENGTH.get(MOVES[action].target, strongest + 1) > strongest for action in self.actions
        ):
            return "FALSE"
        return f"({cases(STRENGTHS, OLD, '0')} > {cases(STRENGTHS, self.target, str(strongest + 1))})"

    @property
    def dated(self) -> str:
        found = quoted(action for action in self.actions if MOVES[action].dated)
        return f"g.action IN ({found})" if found else "FALSE"

    @property
    def changes(self) -> str:
        """True where the state changes at all."""
        if all(MOVES[action].changes == EVERY and not MOVES[action].dated for action in self.actions):
            return "TRUE"
        may = cases(
            ((action, f"{OLD} IN ({quoted(MOVES[action].changes)})") for action in sorted(self.actions)),
            "g.action",
            "FALSE",
        )
        return f"({may} AND ({FRESH} OR NOT {self.dated} OR g.occurred_at >= l.since))"

    @property
    def status(self) -> str:
        waits = ""
        if Action.GRANT in self.actions:
            waits = f"""WHEN g.action = 'grant' AND g.double_opt_in AND {OLD} NOT IN ({quoted(CONFIRMED)})
                THEN 'unconfirmed'"""
        if self.is_stronger == "FALSE" and not waits:
            return self.target
        return f"CASE WHEN {self.is_stronger} THEN {OLD} {waits} ELSE {self.target} END"

    @property
    def since(self) -> str:
        if self.clicked:
            return "GREATEST(l.since, g.occurred_at)"  # NULL doesn't count
        return f"""CASE WHEN {FRESH} OR {self.dated} THEN g.occurred_at
            ELSE GREATEST(l.since, g.occurred_at) END"""

    @property
    def expires_at(self) -> str:
        found = ""
        if self.actions & {Action.PAUSE, Action.RESUME}:
            found += "WHEN g.action IN ('pause', 'resume') THEN l.expires_at "
        if self.actions & NEEDS_EVIDENCE:
            found += f"""WHEN g.action IN ({quoted(NEEDS_EVIDENCE)})
                THEN g.occurred_at + make_interval(days => g.valid_for_days) """
        return f"CASE {found}END" if found else "NULL::timestamptz"

    @property
    def paused_until(self) -> str:
        pauses = Action.PAUSE in self.actions
        return "CASE WHEN g.action = 'pause' THEN g.paused_until END" if pauses else "NULL::timestamptz"

    @property
    def purpose_version(self) -> str:
        """The version agreed to: a confirmation and a pause leave that of the agreement (C-10)."""
        found = ""
        if Action.GRANT in self.actions:
            found += "WHEN g.action = 'grant' THEN g.purpose_version "
        if Action.CONFIRM in self.actions:
            found += "WHEN g.action = 'confirm' THEN COALESCE(l.purpose_version, g.purpose_version) "
        return f"CASE {found}ELSE l.purpose_version END" if found else "l.purpose_version"

    @property
    def event_id(self) -> str:
        if self.is_stronger == "FALSE":
            return "g.event_id"
        return f"CASE WHEN {self.is_stronger} THEN l.event_id ELSE g.event_id END"


EVERY_ACTION = Effects(frozenset(Action))
CLICKED_STOP = Effects(frozenset({Action.WITHDRAW, Action.OBJECT}), clicked=True)
GRANTING = Effects(frozenset({Action.GRANT}))


# The choices of a batch; a contact or purpose of another organisation is not found and drops out. The planner does not
# see which organisation it is: of a new one it expects nobody, and reads all of them by any index for each choice.
# A choice made before other words counts on the terms of the words that were shown, as a rebuild has it (C-08).
# The person is locked first, against erasure alone: nobody is written about while they are erased, and the locks come
# in one order for all. Index: the primary keys of both; one_version_a_number.
GIVEN_BATCH = """
given AS MATERIALIZED (
    SELECT u.n, u.contact_id, u.purpose_id, u.channel, u.action, COALESCE(NULLIF(u.basis, ''), p.basis) AS basis,
           u.occurred_at, u.source, u.source_reference, u.notice_version, u.notice_digest, u.collection_point_id,
           u.actor, u.paused_until, u.digest, u.payload, COALESCE(u.purpose_version, p.version) AS purpose_version,
           COALESCE((v.values ->> 'double_opt_in')::boolean, p.double_opt_in) AS double_opt_in,
           CASE WHEN v.id IS NULL THEN p.valid_for_days ELSE (v.values ->> 'valid_for_days')::int END AS valid_for_days
    FROM unnest(%(n)s::int[], %(contact)s::bigint[], %(purpose)s::bigint[], %(channel)s::text[], %(action)s::text[],
                %(basis)s::text[], %(occurred_at)s::timestamptz[], %(source)s::text[], %(source_reference)s::text[],
                %(notice_version)s::text[], %(notice_digest)s::bytea[], %(collection_point)s::bigint[],
                %(actor)s::text[], %(paused_until)s::timestamptz[], %(purpose_version)s::smallint[],
                %(digest)s::bytea[], %(payload)s::bytea[])
        AS u(n, contact_id, purpose_id, channel, action, basis, occurred_at, source, source_reference, notice_version,
             notice_digest, collection_point_id, actor, paused_until, purpose_version, digest, payload)
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = u.purpose_id
    LEFT JOIN consent_purposeversion v ON v.purpose_id = p.id AND v.number = u.purpose_version
    JOIN subscribers_contact c ON c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = u.contact_id
    ORDER BY u.contact_id FOR KEY SHARE OF c
)"""

# One person's "stop" on one channel: for the purpose named, or (NULL) for all that use the channel (W-07). Leaving a
# purpose that does not stand on consent is an objection (G 21(2)).
GIVEN_STOP = """
given AS MATERIALIZED (
    SELECT 0 AS n, c.id AS contact_id, p.id AS purpose_id, %(channel)s::text AS channel,
           CASE WHEN p.basis = 'consent' THEN 'withdraw' ELSE 'object' END AS action, p.basis,
           %(now)s::timestamptz AS occurred_at, %(source)s::text AS source, '' AS source_reference,
           '' AS notice_version, p.version AS purpose_version, %(digest)s::bytea AS digest,
           %(payload)s::bytea AS payload
    FROM subscribers_contact c
    JOIN consent_purpose p ON p.organisation_id = %(organisation)s
        AND (p.id = %(purpose)s::bigint OR (%(purpose)s::bigint IS NULL AND %(channel)s::text = ANY (p.channels)))
    WHERE c.organisation_id = %(organisation)s AND c.id = %(contact)s
    FOR KEY SHARE OF c
)"""

# The states these choices meet, locked in one order for all, so that two batches can't wait for each other; a lock
# also gives the newest version of the row, whoever wrote it meanwhile. Each is looked up by itself: of a join the
# planner expects a single row, and then compares each of ten thousand with each. Index: the state's primary key.
LOCKED = """
locked AS MATERIALIZED (
    SELECT l.* FROM (SELECT contact_id, purpose_id, channel FROM given ORDER BY 1, 2, 3) g
    CROSS JOIN LATERAL (
        SELECT s.contact_id, s.purpose_id, s.channel, s.status, s.since, s.expires_at, s.event_id,
               s.purpose_version
        FROM consent_consentstate s
        WHERE s.organisation_id = %(organisation)s AND s.contact_id = g.contact_id AND s.purpose_id = g.purpose_id
            AND s.channel = g.channel
        FOR UPDATE
    ) l
)"""


def decided_with(evidence_id: str, effects: Effects, *, versions: bool = True) -> str:
    """The choices that count, numbered, with what becomes of the state; ``evidence_id`` is SQL about a choice ``g``.

    ``versions``: with the version of the purpose that stands agreed to, which a stop leaves alone.
    """
    next_version = f", {effects.purpose_version} AS next_version" if versions else ""
    return f"""
numbered AS MATERIALIZED (
    SELECT g.*, l.contact_id IS NOT NULL AS has_state,
           nextval('consent_consentevent_id_seq') AS event_id,
           {evidence_id} AS evidence_id
    FROM given g LEFT JOIN locked l USING (contact_id, purpose_id, channel)
    WHERE NOT ({effects.kept})
    ORDER BY g.n
),
decided AS MATERIALIZED (
    SELECT g.*, {effects.changes} AS changes, {effects.status} AS next_status, {effects.since} AS next_since,
           {effects.expires_at} AS next_expires_at, {effects.paused_until} AS next_paused_until,
           {effects.event_id} AS next_event_id{next_version}
    FROM numbered g LEFT JOIN locked l USING (contact_id, purpose_id, channel)
)"""  # noqa: S608


OWN_EVIDENCE = "CASE WHEN g.digest IS NOT NULL THEN nextval('consent_evidence_id_seq') END"

PROOFS = """
proofs AS (
    INSERT INTO consent_evidence (id, organisation_id, contact_id, digest, payload, created_at)
    SELECT evidence_id, %(organisation)s, contact_id, digest, payload, %(now)s::timestamptz
    FROM decided WHERE evidence_id IS NOT NULL
)"""


def events_with(*columns: str) -> str:
    """The events of these choices; ``columns`` are those that only some of the statements know."""
    more = "".join(f", {column}" for column in columns)
    return f"""
events AS (
    INSERT INTO consent_consentevent (id, organisation_id, contact_id, purpose_id, channel, action, basis, occurred_at,
        recorded_at, source, source_reference, notice_version, evidence_id, evidence_digest, purpose_version{more})
    SELECT event_id, %(organisation)s, contact_id, purpose_id, channel, action, basis, occurred_at,
        %(now)s::timestamptz, source, source_reference, notice_version, evidence_id, digest, purpose_version{more}
    FROM decided ORDER BY n
)"""  # noqa: S608


EVENTS = events_with()
SHOWN_EVENTS = events_with("notice_digest", "collection_point_id", "actor", "paused_until")


def states(*, versions: bool = True) -> str:
    """The states that change, and those that begin.

    Two first choices of one person at the same instant: the second meets a row it could not lock. Then a "no" wins and
    a "yes" waits for the next word.
    """
    assigned, column, value = (
        (", purpose_version = d.next_version", ", purpose_version", ", next_version") if versions else ("", "", "")
    )
    return f"""
changed AS (
    UPDATE consent_consentstate s
    SET status = d.next_status, since = d.next_since, expires_at = d.next_expires_at,
        paused_until = d.next_paused_until, event_id = d.next_event_id{assigned}
    FROM decided d
    WHERE d.changes AND d.has_state AND s.organisation_id = %(organisation)s AND s.contact_id = d.contact_id
        AND s.purpose_id = d.purpose_id AND s.channel = d.channel
),
created AS (
    INSERT INTO consent_consentstate AS s
        (organisation_id, contact_id, purpose_id, channel, status, since, expires_at, paused_until, event_id{column})
    SELECT %(organisation)s, contact_id, purpose_id, channel, next_status, next_since, next_expires_at,
        next_paused_until, next_event_id{value}
    FROM decided WHERE changes AND NOT has_state
    ON CONFLICT (organisation_id, contact_id, purpose_id, channel) DO UPDATE
    SET status = EXCLUDED.status, since = EXCLUDED.since, expires_at = NULL, paused_until = NULL,
        event_id = EXCLUDED.event_id
    WHERE {cases(STRENGTHS, "EXCLUDED.status", "0")} > {cases(STRENGTHS, "s.status", "0")}
)"""  # noqa: S608


STATES = states()

# The audit entry of a door that has no member: one for each event, written with it. It holds no address of the person's
# network: nobody could erase it here, and the sealed evidence has it.
AUDIT = """
audited AS (
    INSERT INTO portal_auditentry
        (organisation_id, at, actor_kind, actor_reference, action, target_type, target_id, details)
    SELECT %(organisation)s, %(now)s::timestamptz, 'link', 'contact:' || contact_id, 'consent.withdrawn', 'contact',
        contact_id::text, jsonb_build_object('event', event_id, 'purpose', purpose_id, 'channel', channel,
        'action', action, 'source', source)
    FROM decided
)"""

RECORD = f"""
WITH {GIVEN_BATCH}, {LOCKED}, {decided_with(OWN_EVIDENCE, EVERY_ACTION)}, {PROOFS}, {SHOWN_EVENTS}, {STATES}
SELECT n, event_id FROM decided
"""  # noqa: S608

STOPPED = decided_with(OWN_EVIDENCE, CLICKED_STOP, versions=False)
# In one line: psycopg keeps what it makes of a statement only while that is shorter than 4 KB.
STOP = in_one_line(f"""
WITH {GIVEN_STOP}, {LOCKED}, {STOPPED}, {PROOFS}, {EVENTS}, {states(versions=False)}, {AUDIT}
SELECT event_id FROM decided
""")  # noqa: S608

# The agreements that a change of address calls in question: those that had to be confirmed. Index: the state's primary
# key.
CONFIRMED_STATES = f"""
SELECT s.contact_id, s.purpose_id, s.channel, s.event_id FROM consent_consentstate s
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = s.purpose_id AND p.double_opt_in
WHERE s.organisation_id = %(organisation)s AND s.contact_id = ANY(%(contacts)s) AND s.channel = ANY(%(channels)s)
    AND s.status IN ({quoted(CONFIRMED)})
ORDER BY s.contact_id, s.purpose_id, s.channel
"""  # noqa: S608

# How many have agreed, by purpose and channel. Index: states_granted, scanned alone.
IN_FORCE = """
SELECT purpose_id, channel, count(*) FROM consent_consentstate
WHERE organisation_id = %(organisation)s AND status = 'granted'
GROUP BY purpose_id, channel
"""

assert set(MOVES) == set(Action), "every action has its move"  # noqa: S101
assert {move.target for move in MOVES.values()} <= set(Status)  # noqa: S101
