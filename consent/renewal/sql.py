"""What Accord writes into the ledger by itself: agreements that ran out, and objections carried to another purpose.

In two steps, as after imports: find whom it is about, with their states locked in the one order that all writers keep;
then write through the ledger's own steps. What was found goes back as arrays, whose length the planner knows.
"""

from __future__ import annotations

from consent.ledger import sql
from consent.ledger.models import Action
from consent.ledger.sql import Effects, quoted

LASTING = quoted(("granted", "paused", "unconfirmed"))
STOPPED = quoted(("refused", "withdrawn", "objected"))
FOUND = ("contact_id", "purpose_id", "channel", "basis", "occurred_at", "purpose_version")

# Whose agreement has ended, from this contact on. It ended on its day, whenever we come to write it. Index: the state's
# primary key, walked once for all chunks.
RAN_OUT = f"""
FROM consent_consentstate s
WHERE s.organisation_id = %(organisation)s AND s.contact_id >= %(after)s
    AND s.status IN ({LASTING}) AND s.expires_at <= %(now)s
"""
ANY_RAN_OUT = f"SELECT EXISTS (SELECT {RAN_OUT})"
FIND_RAN_OUT = f"""
SELECT s.contact_id, s.purpose_id, s.channel, p.basis, GREATEST(s.expires_at, s.since),
       COALESCE(s.purpose_version, p.version)
FROM (
    SELECT s.* {RAN_OUT}
    ORDER BY s.contact_id, s.purpose_id, s.channel LIMIT %(limit)s FOR UPDATE
) s
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = s.purpose_id
ORDER BY s.contact_id, s.purpose_id, s.channel
"""  # noqa: S608

# Who said no to a purpose that another one replaces (B-14). Index: the state's primary key, walked once.
FIND_STOPPED = f"""
SELECT s.contact_id, p.id, s.channel, p.basis, %(now)s::timestamptz, p.version
FROM consent_consentstate s
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = %(purpose)s
WHERE s.organisation_id = %(organisation)s AND s.purpose_id = %(replaced)s AND s.channel = ANY (p.channels)
    AND (s.contact_id, s.channel) > (%(after)s, %(after_channel)s) AND s.status IN ({STOPPED})
ORDER BY s.contact_id, s.channel LIMIT %(limit)s
"""  # noqa: S608

GIVEN = """
given AS MATERIALIZED (
    SELECT u.n::int AS n, u.contact_id, u.purpose_id, u.channel, %(action)s::text AS action, u.basis, u.occurred_at,
           'system'::text AS source, %(reference)s::text AS source_reference, ''::text AS notice_version,
           u.purpose_version, NULL::timestamptz AS paused_until, NULL::bytea AS digest, NULL::bytea AS payload,
           FALSE AS double_opt_in, NULL::int AS valid_for_days
    FROM unnest(%(contact_id)s::bigint[], %(purpose_id)s::bigint[], %(channel)s::text[], %(basis)s::text[],
                %(occurred_at)s::timestamptz[], %(purpose_version)s::smallint[])
        WITH ORDINALITY AS u (contact_id, purpose_id, channel, basis, occurred_at, purpose_version, n)
)"""


def writing(action: Action) -> str:
    """The ledger's own steps for what was found; answers how many were recorded."""
    decided = sql.decided_with("NULL::bigint", Effects(frozenset({action})))
    return f"WITH {GIVEN}, {sql.LOCKED}, {decided}, {sql.EVENTS}, {sql.STATES} SELECT count(*) FROM decided"  # noqa: S608


WRITE = {action: writing(action) for action in (Action.EXPIRE, Action.OBJECT)}

# Is this agreement due for renewal? About a state `s` of a purpose `p`: it ends within the days the purpose names, or
# it was given to words that have changed materially since (C-10, C-11). An import's states have no version: there the
# day of the agreement tells.
AGREES = "s.status IN ('granted', 'paused') AND (s.expires_at IS NULL OR s.expires_at > {now})"
REWORDED = "(s.purpose_version < p.material_version OR s.since < p.material_at)"
DUE = f"({AGREES} AND (s.expires_at <= {{now}} + make_interval(days => p.renew_before_days) OR {REWORDED}))"

# Where everybody stands, for the pages of purposes. Index: none; all states of the organisation, once in a while.
STANDINGS = f"""
SELECT s.purpose_id, s.channel,
       CASE WHEN s.status IN ('granted', 'paused') AND s.expires_at <= %(now)s THEN 'expired' ELSE s.status END,
       count(*), count(*) FILTER (WHERE {DUE.format(now="%(now)s::timestamptz")})
FROM consent_consentstate s
JOIN consent_purpose p ON p.organisation_id = %(organisation)s AND p.id = s.purpose_id
WHERE s.organisation_id = %(organisation)s AND s.status <> 'none'
GROUP BY 1, 2, 3
"""  # noqa: S608

# When one person last said no, or was asked and said nothing. Index: events_by_contact.
LAST_ANSWER = """
SELECT max(e.occurred_at) FROM consent_consentevent e
WHERE e.organisation_id = %(organisation)s AND e.contact_id = %(contact)s AND e.purpose_id = %(purpose)s
    AND e.channel = %(channel)s AND e.action IN ('ask', 'refuse', 'withdraw', 'object')
"""
