"""The statements of sealing and verifying. ``{table}`` and ``{columns}`` are a stream's own constants."""

from __future__ import annotations

from portal.seals.streams import Stream

# One sealer of a stream at a time; the lock goes with the transaction that reads. Parameter: stream.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('portal_seals'), hashtext(%(stream)s))"

# Which transactions have ended for certain: all below ``xmin``; which this cluster has not begun: those from ``xmax``.
SNAPSHOT = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint,
       (SELECT system_identifier::text FROM pg_control_system())
FROM pg_current_snapshot() s
"""

OLDEST_WRITER = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)
FROM pg_stat_activity WHERE backend_xid IS NOT NULL
"""

READING = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL work_mem = '128MB'"

# A seal's rows are looked up one by one: a planner that has no statistics yet would read the whole table for each seal.
LOOK_UP = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
READ_WHOLE = "SET LOCAL enable_seqscan = on"

# Whoever writes must still hold the lease. Parameters: stream, lease.
HOLD_LEASE = "UPDATE portal_sealingstate SET lease = lease WHERE stream = %(stream)s AND lease = %(lease)s"

# Verifications of one organisation are asked for one after the other. Parameter: target.
HOLD_VERIFICATIONS = "SELECT pg_advisory_xact_lock(hashtext('portal_verifications'), hashtext(%(target)s))"

# How many rows all chains of an organisation hold. Index: one_seal_a_number. Parameters: organisation, streams.
ROWS_SEALED = """
SELECT coalesce(sum(head.total), 0) FROM unnest(%(streams)s::text[]) AS stream(name)
CROSS JOIN LATERAL (
    SELECT s.total FROM portal_seal s
    WHERE s.organisation_id IS NOT DISTINCT FROM %(organisation)s AND s.stream = stream.name
    ORDER BY s.number DESC LIMIT 1
) head
"""

# The ids that blocks name already, for transactions of a window: those of a pass that was cut off, and after a restore
# those sealed when transactions were counted otherwise. Index: blocks_by_span. Parameters: stream, low, high.
SEALED_IN = """
COPY (
    SELECT array_to_string(ids, ',') FROM portal_sealblock
    WHERE stream = %(stream)s AND int8range(first_transaction, last_transaction, '[]') && int8range(%(low)s, %(high)s)
) TO STDOUT
"""

# The same for all there is. Parameter: stream.
SEALED_EVER = "COPY (SELECT array_to_string(ids, ',') FROM portal_sealblock WHERE stream = %(stream)s) TO STDOUT"

# The ids in a chain up to a seal. Indexes: one_seal_a_number, one_block_a_number. Parameters: organisation, stream,
# number.
SEALED_UP_TO = """
COPY (
    SELECT array_to_string(b.ids, ',') FROM portal_seal s JOIN portal_sealblock b ON b.seal_id = s.id
    WHERE s.organisation_id IS NOT DISTINCT FROM %(organisation)s AND s.stream = %(stream)s AND s.number <= %(number)s
) TO STDOUT
"""

BLOCKS = """
COPY portal_sealblock (seal_id, number, stream, organisation_id, epoch, first_transaction, first, last_transaction,
    root, ids, leaves) FROM STDIN
"""


def transaction(row: str) -> str:
    """The number of the writing transaction, as the BRIN index has it."""
    return f"({row}.transaction::text::bigint)"


# Of rows in these ranges of transactions; index: the BRIN on the transaction.
def new_rows(stream: Stream, *, restored: bool) -> str:
    """Rows to seal, in sealed order by organisation. Parameters: low, high; ``restored``: xmin, xmax instead."""
    number = transaction("e")
    window = (
        f"({number} < %(xmin)s OR {number} >= %(xmax)s)" if restored else f"{number} >= %(low)s AND {number} < %(high)s"
    )
    return f"""
    COPY (
        SELECT e.organisation_id, {number}, e.id, {", ".join(stream.columns)}
        FROM {stream.table} e WHERE {window}
        ORDER BY e.organisation_id, {number}, e.id
    ) TO STDOUT (NULL '')
    """  # noqa: S608


# The rows that the blocks of some seals name; nothing but the id where a row is gone. Index: the row's primary key, one
# look-up each: they lie side by side. Parameters: seals.
def sealed_rows(stream: Stream) -> str:
    return f"""
    COPY (
        SELECT e.organisation_id, {transaction("e")}, u.id, {", ".join(stream.columns)}
        FROM portal_sealblock b CROSS JOIN LATERAL unnest(b.ids) u(id) LEFT JOIN {stream.table} e ON e.id = u.id
        WHERE b.seal_id = ANY (%(seals)s)
    ) TO STDOUT (NULL '')
    """  # noqa: S608


# Every row of an organisation that must be sealed, and those whose transaction this cluster has never begun: nobody
# wrote them in the ordinary way, and no pass would come to them. Parameters: organisation, horizon, restored (such rows
# are those of a dump, which the next pass takes up).
def due_rows(stream: Stream) -> str:
    return f"""
    COPY (
        SELECT e.id FROM {stream.table} e
        WHERE e.organisation_id IS NOT DISTINCT FROM %(organisation)s AND ({transaction("e")} < %(horizon)s
            OR NOT %(restored)s AND {transaction("e")} >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    ) TO STDOUT
    """  # noqa: S608


# Which of these rows a block names. ``{table}``'s rows are found by primary key, their block by its position: of each
# epoch the last that begins at or before them. Index: blocks_by_position. Parameters: organisation, stream, ids,
# epoch.
def sealed_of(stream: Stream, found: str) -> str:
    return f"""
    SELECT e.id, {found}
    FROM {stream.table} e
    CROSS JOIN generate_series(1, %(epoch)s) AS epoch(number)
    CROSS JOIN LATERAL (
        SELECT b.* FROM portal_sealblock b
        WHERE b.organisation_id = %(organisation)s AND b.stream = %(stream)s
            AND b.epoch = epoch.number AND (b.first_transaction, b.first) <= ({transaction("e")}, e.id)
        ORDER BY b.first_transaction DESC, b.first DESC LIMIT 1
    ) b
    WHERE e.id = ANY (%(ids)s::bigint[]) AND e.id = ANY (b.ids)
    """  # noqa: S608


# Has a row waited for its seal since before ``since``? Index: the BRIN on the transaction. Parameters: horizon, since.
def waiting(stream: Stream) -> str:
    return f"""
    SELECT EXISTS (
        SELECT FROM {stream.table} e WHERE {transaction("e")} >= %(horizon)s AND {stream.recorded} < %(since)s
    )
    """  # noqa: S608


# How many rows of an organisation wait. Parameters: organisation, horizon.
def count_waiting(stream: Stream) -> str:
    return f"""
    SELECT count(*) FROM {stream.table} e
    WHERE e.organisation_id IS NOT DISTINCT FROM %(organisation)s AND {transaction("e")} >= %(horizon)s
        AND {transaction("e")} < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    """  # noqa: S608
