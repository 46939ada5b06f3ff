"""The statements of an import. Each works on one chunk of the staging table; none touches a row that stays as it is.

``{staged}`` and ``{merged}`` are the two unlogged tables of one import (see `staging`); the organisation comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Keys carry the collation of the contact's keys: comparing them must be able to use its indexes.
CREATE_STAGED = """
CREATE UNLOGGED TABLE {staged} (
    line bigint, email text, email_key text COLLATE "C", phone text COLLATE "C", external_id text COLLATE "C",
    first_name text, last_name text, language text COLLATE "C", country text COLLATE "C", tags text[],
    attributes jsonb, occurred_at timestamptz, ip inet
) WITH (autovacuum_enabled = off)
"""
CREATE_MERGED = """
CREATE UNLOGGED TABLE {merged} (
    line bigint, contact_id bigint, is_new boolean, changed boolean, email_moved boolean, phone_moved boolean,
    occurred_at timestamptz
) WITH (autovacuum_enabled = off)
"""
DROP = "DROP TABLE IF EXISTS {staged}, {merged}"
EMPTY = "TRUNCATE {staged}, {merged}"
ANALYZE_STAGED = "ANALYZE {staged} (line, email_key, phone, external_id)"
ANALYZE_CONTACTS = "ANALYZE subscribers_contact (organisation_id, email_key, phone, external_id)"
COPY_STAGED = "COPY {staged} ({columns}) FROM STDIN"
COPY_REJECTS = """
COPY subscribers_importreject (organisation_id, source_import_id, line, code, detail, cells) FROM STDIN
"""

# Each row meets its contact by external id, then e-mail, then phone; a row that meets nobody gets a fresh id. Whoever
# is met is compared at once. Subqueries that are kept apart make this a handful of index look-ups a row: the planner
# would rather read all contacts of the organisation for each chunk, which takes the longer the more there are.
# Indexes: one_contact_an_external_id, one_contact_an_email, one_contact_a_phone, the primary key.
MATCH = """
INSERT INTO {merged} (line, contact_id, is_new, changed, email_moved, phone_moved, occurred_at)
SELECT s.line, COALESCE(s.known, {fresh_id}), s.known IS NULL, {changed}, {email_moved}, {phone_moved}, s.occurred_at
FROM (SELECT s.*, COALESCE({lookups}) AS known FROM {staged} s OFFSET 0) s
LEFT JOIN LATERAL (
    SELECT c.* FROM subscribers_contact c WHERE c.organisation_id = %(organisation_id)s AND c.id = s.known OFFSET 0
) c ON true
"""
CHANGED = "(c.id IS NOT NULL AND ({new_values}) IS DISTINCT FROM ({old_values}))"
MOVED = "(c.id IS NOT NULL AND ({new_value}) IS DISTINCT FROM c.{key})"
LOOKUP = "(SELECT c.id FROM subscribers_contact c WHERE c.organisation_id = %(organisation_id)s AND c.{key} = s.{key})"
FRESH_ID = "nextval('subscribers_contact_id_seq'::regclass)"
NO_ID = "NULL::bigint"

# Two rows of a chunk that meet the same contact by different identities: the first one stands.
DROP_REPEATED = """
DELETE FROM {merged} later USING {merged} earlier
WHERE later.contact_id = earlier.contact_id AND later.line > earlier.line
"""

UPDATE_CHANGED = """
UPDATE subscribers_contact c SET {assignments}, updated_at = %(now)s
FROM {merged} m, {staged} s
WHERE m.changed AND s.line = m.line AND c.id = m.contact_id AND c.organisation_id = %(organisation_id)s
"""
COUNTS = """
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE changed),
       count(*) FILTER (WHERE NOT is_new AND NOT changed), count(*) FILTER (WHERE email_moved),
       count(*) FILTER (WHERE phone_moved), count(contact_id) - count(DISTINCT contact_id)
FROM {merged}
"""
# Whose address the file has changed: few, and only where it may overwrite or fill one in.
MOVED_CONTACTS = "SELECT contact_id FROM {merged} WHERE {moved} ORDER BY contact_id"

# No ON CONFLICT: it would look every key up a second time. MATCH found nobody; should somebody have come in between,
# the unique constraints say so, and the caller starts the chunk again.
INSERT_NEW = """
INSERT INTO subscribers_contact (
    organisation_id, id, email, email_key, phone, external_id, first_name, last_name, language, country, tags,
    attributes, origin, source_import_id, collected_at, created_at, updated_at, last_seen_at
)
SELECT %(organisation_id)s, m.contact_id, s.email, s.email_key, s.phone, s.external_id, COALESCE(s.first_name, ''),
       COALESCE(s.last_name, ''), COALESCE(s.language, ''), COALESCE(s.country, ''), COALESCE(s.tags, '{{}}'),
       COALESCE(s.attributes, '{{}}'), %(origin)s, %(import_id)s, COALESCE(s.occurred_at, %(collected_at)s),
       %(now)s, %(now)s, COALESCE(s.occurred_at, %(collected_at)s)
FROM {merged} m JOIN {staged} s ON s.line = m.line
WHERE m.is_new
"""
KEEP_TAG_NAMES = """
INSERT INTO subscribers_tagname (organisation_id, name)
SELECT %(organisation_id)s, name
FROM (SELECT DISTINCT unnest(tags) AS name FROM (SELECT DISTINCT tags FROM {staged}) lists) names
ORDER BY name
ON CONFLICT DO NOTHING
"""

# Index: one_suppression_an_address.
ANY_SUPPRESSION = """
SELECT EXISTS (
    SELECT FROM subscribers_suppression
    WHERE organisation_id = %(organisation_id)s AND channel = ANY(%(channels)s)
)
"""

# For the schedule, so of all organisations. Index: rejects_by_line.
OLD_REJECTS = """
DELETE FROM subscribers_importreject r USING subscribers_import i
WHERE r.organisation_id = i.organisation_id AND r.source_import_id = i.id AND i.finished_at < %(before)s
"""

# Every staging table with the id of its import, for this schema only.
STAGE_TABLES = r"""
SELECT relname, substring(relname FROM '^import_(?:stage|merged)_(\d+)_\d+_\d+$') FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
  AND relname ~ '^import_(stage|merged)_\d+_\d+_\d+$'
"""

IDENTITIES = {"email": "email_key", "phone": "phone", "external_id": "external_id"}
TEXTS = ("first_name", "last_name", "language", "country")
FREE = (
    "NOT EXISTS (SELECT FROM subscribers_contact o"
    " WHERE o.organisation_id = %(organisation_id)s AND o.{key} = s.{key} AND o.id <> c.id)"
)
MORE_TAGS = (
    "CASE WHEN s.tags IS NULL OR c.tags @> s.tags::varchar[] THEN c.tags"
    " ELSE c.tags || ARRAY(SELECT tag FROM unnest(s.tags) tag WHERE tag <> ALL (c.tags))::varchar[] END"
)


def changes(values: Mapping[str, str]) -> dict[str, str]:
    """The conditions of MATCH, given what each column becomes: does the contact change, and do its addresses?"""
    if not values:
        return {"changed": "false", "email_moved": "false", "phone_moved": "false"}
    found = {
        "changed": CHANGED.format(
            new_values=", ".join(values.values()), old_values=", ".join(f"c.{name}" for name in values)
        )
    }
    for key, name in (("email_key", "email_moved"), ("phone", "phone_moved")):
        found[name] = MOVED.format(new_value=values[key], key=key) if key in values else "false"
    return found


def new_values(columns: Sequence[str], update_rule: str) -> dict[str, str]:
    """What each column of a known contact becomes, as SQL over `c` and `s`; an empty cell never erases anything.

    `fill` only fills what is empty; `overwrite` takes the file's value. Tags are added in both, never removed. An
    identity moves only while nobody else has it.
    """
    overwrite = update_rule == "overwrite"
    values: dict[str, str] = {}
    for column in columns:
        if column in IDENTITIES:
            key = IDENTITIES[column]
            may = f"s.{key} IS NOT NULL AND " + (
                f"s.{key} IS DISTINCT FROM c.{key}" if overwrite else f"c.{key} IS NULL"
            )
            taken = f"{may} AND {FREE.format(key=key)}"
            for name in dict.fromkeys((column, key)):
                values[name] = f"CASE WHEN {taken} THEN s.{name} ELSE c.{name} END"
        elif column in TEXTS:
            values[column] = (
                f"COALESCE(s.{column}, c.{column})"
                if overwrite
                else f"CASE WHEN c.{column} = '' THEN COALESCE(s.{column}, '') ELSE c.{column} END"
            )
        elif column == "tags":
            values[column] = MORE_TAGS
        elif column == "attributes":
            given = "COALESCE(s.attributes, '{}')"
            values[column] = f"c.attributes || {given}" if overwrite else f"{given} || c.attributes"
    return values
