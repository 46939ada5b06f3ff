"""The statements that count the ledger's events by day, and those that read the counts."""

from __future__ import annotations

from portal.seals.sql import transaction

# One counter at a time; the lock goes with the transaction.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('consent_rates'), 0)"

# Organisations that have not been counted yet. It comes after the window was chosen, so that everything in the window
# belongs to an organisation it sees.
NEW_ORGANISATIONS = """
INSERT INTO consent_countedorganisation (organisation_id, time_zone)
SELECT o.id, o.time_zone FROM portal_organisation o
WHERE NOT EXISTS (SELECT FROM consent_countedorganisation c WHERE c.organisation_id = o.id)
"""

# Those whose days begin at another moment now.
MOVED_ORGANISATIONS = """
UPDATE consent_countedorganisation c SET time_zone = o.time_zone
FROM portal_organisation o WHERE o.id = c.organisation_id AND o.time_zone <> c.time_zone
RETURNING c.organisation_id
"""

NUMBER = transaction("e")
DAY = "(e.occurred_at AT TIME ZONE c.time_zone)::date"
KIND = """CASE WHEN e.source IN ('import', 'system') THEN e.source WHEN e.actor = 'parent' THEN 'parent'
    ELSE 'person' END"""

# What was in a dump when it was restored.
KNOWN = f"({NUMBER} >= %(known_from)s AND e.id <= %(known_id)s)"
# What the counts hold.
COUNTED = f"({NUMBER} < %(horizon)s OR {KNOWN})"


def events_by_day(which: str) -> str:
    return f"""
    SELECT e.organisation_id, {DAY} AS day, e.purpose_id, e.channel, e.collection_point_id, e.action,
           {KIND} AS source_kind, count(*) AS count
    FROM consent_consentevent e JOIN consent_countedorganisation c ON c.organisation_id = e.organisation_id
    WHERE {which}
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    """  # noqa: S608


def adding(which: str) -> str:
    """The counts of these events, added to those there are."""
    return f"""
    INSERT INTO consent_dailycount AS kept
        (organisation_id, day, purpose_id, channel, collection_point_id, action, source_kind, count)
    {events_by_day(which)}
    ON CONFLICT (organisation_id, day, purpose_id, channel, collection_point_id, action, source_kind)
    DO UPDATE SET count = kept.count + excluded.count
    """


MOVE_CURSOR = """
UPDATE consent_countingstate
SET horizon = %(high)s, system = %(system)s, known_from = {known_from}, known_id = {known_id}, counted_at = %(now)s
WHERE id = 1
"""

# The events of a window of transactions, and with the same statement the cursor. Index: events_by_transaction (BRIN).
# Parameters: high, system, now, and the state: horizon, known_from, known_id.
COUNT_WINDOW = f"""
WITH added AS (
    {adding(f"{NUMBER} >= %(horizon)s AND {NUMBER} < %(high)s AND NOT {KNOWN}")}
    RETURNING 1
), moved AS ({MOVE_CURSOR.format(known_from="known_from", known_id="known_id")})
SELECT count(*) FROM added
"""  # noqa: S608

# Everything: what this cluster has ended, and what it has not begun, which came with a restore. Nobody sees an event of
# a transaction that begins after the statement's snapshot. Reads the whole ledger. Parameters: high, system, now.
NOT_BEGUN = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
COUNT_ANEW = f"""
WITH added AS (
    {adding(f"({NUMBER} < %(high)s OR {NUMBER} >= {NOT_BEGUN})")}
    RETURNING 1
), moved AS (
    {
    MOVE_CURSOR.format(
        known_from=NOT_BEGUN,
        known_id=f"COALESCE((SELECT max(e.id) FROM consent_consentevent e WHERE {NUMBER} >= {NOT_BEGUN}), 0)",
    )
}
)
SELECT count(*) FROM added
"""  # noqa: S608
FORGET_ALL = "DELETE FROM consent_dailycount"

# One organisation again, as far as the others are counted. Index: events_by_contact. Parameters: organisation, and the
# state.
FORGET = "DELETE FROM consent_dailycount WHERE organisation_id = %(organisation)s"
COUNT_AGAIN = adding(f"e.organisation_id = %(organisation)s AND {COUNTED}")

# Where the counts are not what the events say: nothing when all is right. The state is read by the same statement, so
# that a pass that ends meanwhile changes nothing. Index: events_by_contact. Parameters: organisation.
DIFFERENCES = f"""
WITH s AS MATERIALIZED (SELECT horizon, known_from, known_id FROM consent_countingstate),
events AS (
    {
    events_by_day(
        "e.organisation_id = %(organisation)s AND "
        + COUNTED.replace("%(horizon)s", "(SELECT horizon FROM s)")
        .replace("%(known_from)s", "(SELECT known_from FROM s)")
        .replace("%(known_id)s", "(SELECT known_id FROM s)")
    )
}
), kept AS (SELECT * FROM consent_dailycount WHERE organisation_id = %(organisation)s)
SELECT COALESCE(e.day, k.day), COALESCE(e.purpose_id, k.purpose_id), COALESCE(e.channel, k.channel),
       COALESCE(e.collection_point_id, k.collection_point_id), COALESCE(e.action, k.action),
       COALESCE(e.source_kind, k.source_kind), COALESCE(e.count, 0), COALESCE(k.count, 0)
FROM events e FULL JOIN kept k
    ON e.day = k.day AND e.purpose_id = k.purpose_id AND e.channel = k.channel AND e.action = k.action
    AND e.source_kind = k.source_kind AND COALESCE(e.collection_point_id, 0) = COALESCE(k.collection_point_id, 0)
WHERE e.count IS DISTINCT FROM k.count
ORDER BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608
DAYS_KEPT = "SELECT count(*), COALESCE(sum(count), 0) FROM consent_dailycount WHERE organisation_id = %(organisation)s"

FIGURES = """
    COALESCE(sum(count) FILTER (WHERE action = 'grant' AND source_kind = 'person'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action = 'refuse' AND source_kind = 'person'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action = 'ask' AND source_kind = 'person'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action = 'withdraw' AND source_kind = 'person'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action = 'object' AND source_kind = 'person'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action = 'grant' AND source_kind = 'import'), 0)::bigint,
    COALESCE(sum(count) FILTER (WHERE action IN ('withdraw', 'object') AND source_kind = 'import'), 0)::bigint
"""

# Parameters: organisation, first, last, by; and each filter, or null. ``other_ways`` leaves what names no point.
COUNTS = """
FROM consent_dailycount
WHERE organisation_id = %(organisation)s AND day BETWEEN %(first)s AND %(last)s
    AND (%(purpose)s::bigint IS NULL OR purpose_id = %(purpose)s)
    AND (%(channel)s::text IS NULL OR channel = %(channel)s)
    AND (%(point)s::bigint IS NULL OR collection_point_id = %(point)s)
    AND (NOT %(other_ways)s OR collection_point_id IS NULL)
"""
BEGIN = "date_trunc(%(by)s, day)::date"

# By step of time, by purpose and channel, by collection point, and the two by step, in one reading.
# Index: one_count_a_day.
RATES = f"""
SELECT GROUPING(begin, purpose_id, channel, collection_point_id), begin, purpose_id, channel, collection_point_id,
       {FIGURES}
FROM (SELECT *, {BEGIN} AS begin {COUNTS}) found
GROUP BY GROUPING SETS (
    (begin), (purpose_id, channel), (collection_point_id), (begin, purpose_id, channel), (begin, collection_point_id)
)
"""  # noqa: S608

# Everything that tells one line from another, for the file. Index: one_count_a_day.
LINES = f"""
SELECT begin, purpose_id, channel, collection_point_id, {FIGURES}
FROM (SELECT *, {BEGIN} AS begin {COUNTS}) found
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""  # noqa: S608
