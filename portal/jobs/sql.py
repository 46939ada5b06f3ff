"""Which job a free worker takes, and which running one gives way.

Both look at the jobs of one queue that have not ended. There are few of them: the partial index ``jobs_alive`` holds
no others. Parameters: ``queue``, ``now``, and ``silent``, the moment before which a heartbeat means a dead worker.
"""

# One worker a queue chooses at a time: two that count at the same moment would both take from the same organisation.
CHOOSE_ALONE = "SELECT pg_advisory_xact_lock(hashtext('portal_job'), hashtext(%(queue)s))"

# Take the lease of one job that is to be had: one that waits, or whose worker fell silent. Time in which nobody worked
# on it moves its start, so that its rate stays true. ``lease`` is the new holder's; answers the id, or no row.
TAKE = """
UPDATE portal_job SET
    state = 'running', lease = %(lease)s, heartbeat_at = %(now)s,
    started_at = coalesce(
        started_at + (%(now)s - CASE state WHEN 'queued' THEN waiting_since ELSE heartbeat_at END), %(now)s
    ),
    attempts = attempts + 1, vain_attempts = vain_attempts + 1
WHERE id = ({chosen})
RETURNING id
"""

# The job ``id``.
THIS = """
SELECT id FROM portal_job
WHERE id = %(id)s AND (state = 'queued' OR (state = 'running' AND heartbeat_at < %(silent)s))
FOR UPDATE
"""

# The job whose organisation has the fewest running, of these the one that has waited longest.
NEXT = """
SELECT id FROM portal_job waiting
WHERE queue = %(queue)s AND (state = 'queued' OR (state = 'running' AND heartbeat_at < %(silent)s))
ORDER BY
    (
        SELECT count(*)
        FROM portal_job running
        WHERE running.queue = waiting.queue AND running.state = 'running' AND running.heartbeat_at >= %(silent)s
          AND running.organisation_id IS NOT DISTINCT FROM waiting.organisation_id
    ),
    coalesce(waiting_since, created_at),
    id
LIMIT 1
FOR UPDATE SKIP LOCKED
"""

TAKE_THIS = TAKE.format(chosen=THIS)
TAKE_NEXT = TAKE.format(chosen=NEXT)

# Whether the running job ``id`` lets another one go first: an organisation waits since before ``patience`` that has
# at least ``lead`` fewer jobs running than this one's. Of the jobs of one organisation only the newest gives way.
GIVES_WAY = """
WITH running AS (
    SELECT id, organisation_id
    FROM portal_job
    WHERE queue = %(queue)s AND state = 'running' AND heartbeat_at >= %(silent)s
), ours AS (
    SELECT count(*) AS number, max(id) AS newest
    FROM running
    WHERE organisation_id IS NOT DISTINCT FROM %(organisation_id)s
)
SELECT EXISTS (
    SELECT
    FROM portal_job waiting, ours
    WHERE waiting.queue = %(queue)s AND waiting.state = 'queued' AND waiting.waiting_since < %(patience)s
      AND ours.newest = %(id)s
      AND ours.number >= %(lead)s + (
          SELECT count(*) FROM running WHERE running.organisation_id IS NOT DISTINCT FROM waiting.organisation_id
      )
)
"""
