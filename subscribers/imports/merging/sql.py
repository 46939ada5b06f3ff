"""The statements of an import. Each works on one chunk of the file; none touches a row that stays as it is.

``{staged}`` is the unlogged table of the rows that met contacts (see `staging`); the organisation comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Keys carry the collation of the contact's keys: comparing them must be able to use its indexes.
CREATE_STAGED = """
CREATE UNLOGGED TABLE {staged} (
    line bigint, contact_id bigint, repeated boolean, email text, email_key text COLLATE "C", phone text COLLATE "C",
    external_id text COLLATE "C", first_name text, last_name text, language text COLLATE "C",
    country text COLLATE "C", tags text[], attributes jsonb, occurred_at timestamptz, said text, purposes text[],
    channels text[]
) WITH (autovacuum_enabled = off)
"""
DROP = "DROP TABLE IF EXISTS {staged}"
# Nobody waits for the disk: what is staged is worth nothing after a crash.
EMPTY = "SET LOCAL synchronous_commit TO off; TRUNCATE {staged}"
ANALYZE_STAGED = "ANALYZE {staged} (line, contact_id)"
ANALYZE_CONTACTS = "ANALYZE subscribers_contact (organisation_id, email_key, phone, external_id)"
KNOWN_CONTACTS = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'subscribers_contact'::regclass"
COPY_STAGED = "COPY {staged} ({columns}) FROM STDIN"
COPY_REJECTS = """
COPY subscribers_importreject (organisation_id, source_import_id, line, code, detail, "column", cells) FROM STDIN
"""

# Who has these identities, one a line of text, an empty one as COPY writes it: their ids in that order, with commas
# between them and nothing for nobody. Kept apart in a subquery this is an
# index look-up each; the planner would rather read all contacts of the organisation, which takes the longer the more
# there are. It is not shown which organisation it is: of a new one it knows nobody yet, takes any index that begins
# with the organisation for as good as another, and reads all that the first chunk made for each row of the second.
# Indexes: one_contact_an_external_id, one_contact_an_email, one_contact_a_phone.
HOLDERS = {
    key: f"""
SELECT string_agg(COALESCE(id::text, ''), ',' ORDER BY n) FROM (
    SELECT k.n, (
        SELECT c.id FROM subscribers_contact c
        WHERE c.organisation_id = (SELECT %(organisation_id)s::bigint) AND c.{key} = k.identity
    ) AS id
    FROM unnest(string_to_array(%(keys)s, E'\\n', '\\N')) WITH ORDINALITY AS k(identity, n) OFFSET 0
) found
"""  # noqa: S608
    for key in ("email_key", "phone", "external_id")
}
FRESH_IDS = "SELECT string_agg(nextval(%(sequence)s::regclass)::text, ',') FROM generate_series(1, %(count)s)"
CONTACT_IDS = "subscribers_contact_id_seq"

# No ON CONFLICT: it would look every key up a second time. HOLDERS found nobody; should somebody have come in between,
# the unique constraints say so, and the caller starts the chunk again.
COPY_CONTACTS = """
COPY subscribers_contact (organisation_id, origin, source_import_id, created_at, updated_at, art14_due, id, {columns},
    collected_at, last_seen_at) FROM STDIN
"""

# Each staged row beside the contact it met, found by its primary key one by one (the planner is kept from seeing whose
# it is, as above). Who is gone by now, or has none of the row's identities any more, makes the row `stale`.
MET = """
FROM {staged} s
LEFT JOIN LATERAL (
    SELECT c.* FROM subscribers_contact c
    WHERE c.organisation_id = (SELECT %(organisation_id)s::bigint) AND c.id = s.contact_id OFFSET 0
) c ON true
"""
STALE = "(({same}) IS NOT TRUE)"
# What there is to do: the lines whose contact changes, the contacts whose addresses do.
CHANGES = f"""
SELECT count(*) FILTER (WHERE stale), array_agg(line) FILTER (WHERE changed),
       array_agg(contact_id) FILTER (WHERE email_moved), array_agg(contact_id) FILTER (WHERE phone_moved)
FROM (
    SELECT s.line, s.contact_id, {{stale}} AS stale, {{changed}} AS changed, {{email_moved}} AS email_moved,
           {{phone_moved}} AS phone_moved
    {MET}
) m WHERE stale OR changed
"""  # noqa: S608
CHANGED = "(NOT s.repeated AND ({any_differs}) IS TRUE)"
MOVED = "(NOT s.repeated AND ({new_value}) IS DISTINCT FROM c.{key})"

# The old and the new values of the lines that change anything. A lock gives the newest version of the contact, so the
# journal says what was really there; in one order for all, so that two imports can't wait for each other.
DIFFERENCES = """
old AS MATERIALIZED (
    SELECT s.line, c.id, c.provenance, s.attributes AS given_attributes, {old_values}, {new_values}
    FROM (SELECT * FROM {staged} WHERE line = ANY(%(lines)s::bigint[]) ORDER BY contact_id OFFSET 0) s
    CROSS JOIN LATERAL (
        SELECT c.* FROM subscribers_contact c
        WHERE c.organisation_id = (SELECT %(organisation_id)s::bigint) AND c.id = s.contact_id OFFSET 0 {lock}
    ) c
),
differences AS MATERIALIZED (
    SELECT o.*, {before} AS before, {after} AS after FROM old o{fields}
)
"""
SHOW_DIFFERENCES = f"WITH {DIFFERENCES} SELECT line, id, before, after FROM differences ORDER BY line"  # noqa: S608
UPDATE_CHANGED = f"""
WITH {DIFFERENCES},
journal AS (
    INSERT INTO subscribers_importchange (organisation_id, source_import_id, contact_id, before, after)
    SELECT %(organisation_id)s, %(import_id)s, d.id, d.before || jsonb_build_object('provenance', d.provenance), d.after
    FROM differences d ORDER BY d.id
)
UPDATE subscribers_contact c
SET {{assignments}}, updated_at = %(now)s, provenance = COALESCE(d.provenance, '{{{{}}}}') || (
    SELECT COALESCE(jsonb_object_agg(name, %(import_id)s::bigint), '{{{{}}}}') FROM jsonb_object_keys(d.after) name
    WHERE name <> 'email_key'
)
FROM differences d
WHERE c.organisation_id = (SELECT %(organisation_id)s::bigint) AND c.id = d.id
"""  # noqa: S608
DIFFERS = "CASE WHEN o.new_{name} IS DISTINCT FROM o.{name} THEN jsonb_build_object('{name}', {value}) ELSE '{{}}' END"
ADDED_TAGS = "ARRAY(SELECT tag FROM unnest(o.new_tags) tag WHERE tag <> ALL (o.tags))"
# The declared fields that change, both sides found in one pass.
FIELDS_DIFFER = """
    CROSS JOIN LATERAL (
        SELECT COALESCE(jsonb_object_agg('attributes.' || k, o.attributes -> k), '{}') AS before,
               COALESCE(jsonb_object_agg('attributes.' || k, o.new_attributes -> k), '{}') AS after
        FROM jsonb_object_keys(o.given_attributes) k
        WHERE (o.new_attributes -> k) IS DISTINCT FROM (o.attributes -> k)
    ) f"""

KEEP_TAG_NAMES = """
INSERT INTO subscribers_tagname (organisation_id, name)
SELECT DISTINCT %(organisation_id)s::bigint, name
FROM unnest(%(lists)s::text[]) list CROSS JOIN LATERAL unnest(list::text[]) name
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
KEYS = ("external_id", "email_key", "phone")
TEXTS = ("first_name", "last_name", "language", "country")
MORE_TAGS = (
    "CASE WHEN s.tags IS NULL OR c.tags @> s.tags::varchar[] THEN c.tags"
    " ELSE c.tags || ARRAY(SELECT tag FROM unnest(s.tags) tag WHERE tag <> ALL (c.tags))::varchar[] END"
)


def conditions(
    keys: Sequence[str], columns: Sequence[str], values: Mapping[str, str], update_rule: str
) -> dict[str, str]:
    """The conditions of CHANGES, given what each column becomes: is the row stale, does the contact change?"""
    same = " OR ".join(f"c.{key} = s.{key}" for key in keys)
    found = {"stale": STALE.format(same=same), "changed": "false", "email_moved": "false", "phone_moved": "false"}
    if values:
        found["changed"] = CHANGED.format(any_differs=" OR ".join(differing(columns, update_rule)))
    for key, name in (("email_key", "email_moved"), ("phone", "phone_moved")):
        if key in values:
            found[name] = MOVED.format(new_value=values[key], key=key)
    return found


def differing(columns: Sequence[str], update_rule: str) -> list[str]:
    """For each column when `new_values` makes something else of it: asked of every row, so as cheaply as can be."""
    overwrite = update_rule == "overwrite"
    found = []
    for column in columns:
        if column in IDENTITIES:
            found.append(f"({taken(IDENTITIES[column], overwrite=overwrite)})")
        elif column in TEXTS:
            found.append(f"s.{column} <> c.{column}" if overwrite else f"(c.{column} = '' AND s.{column} <> '')")
        elif column == "tags":
            found.append("NOT c.tags @> s.tags::varchar[]")
        elif column == "attributes":
            both = "c.attributes || s.attributes" if overwrite else "s.attributes || c.attributes"
            # Nearly always the same ones, which takes less to see than to put the two together.
            found.append(f"(s.attributes <> c.attributes AND ({both}) <> c.attributes)")
    return found or ["false"]


def taken(key: str, *, overwrite: bool) -> str:
    """Does the contact get this identity of the row?"""
    return f"s.{key} IS NOT NULL AND " + (f"s.{key} IS DISTINCT FROM c.{key}" if overwrite else f"c.{key} IS NULL")


def differences(values: Mapping[str, str], *, lock: str) -> dict[str, str]:
    """The parts of DIFFERENCES, given what each column becomes."""
    return {
        "old_values": ", ".join(f"c.{name}" for name in values),
        "new_values": ", ".join(f"{value} AS new_{name}" for name, value in values.items()),
        "before": " || ".join("f.before" if name == "attributes" else before(name) for name in values),
        "after": " || ".join("f.after" if name == "attributes" else after(name) for name in values),
        "fields": FIELDS_DIFFER if "attributes" in values else "",
        "assignments": ", ".join(f"{name} = d.new_{name}" for name in values),
        "lock": lock,
    }


def before(name: str) -> str:
    """What a column that changes was; of tags only those that are added count, and there were none."""
    return DIFFERS.format(name=name, value="'[]'::jsonb" if name == "tags" else f"o.{name}")


def after(name: str) -> str:
    return DIFFERS.format(name=name, value=f"to_jsonb({ADDED_TAGS})" if name == "tags" else f"o.new_{name}")


def new_values(columns: Sequence[str], update_rule: str) -> dict[str, str]:
    """What each column of a known contact becomes, as SQL over `c` and `s`; an empty cell never erases anything.

    `fill` only fills what is empty; `overwrite` takes the file's value. Tags are added in both, never removed. Nobody
    else has the identities of a row: such rows are refused.
    """
    overwrite = update_rule == "overwrite"
    values: dict[str, str] = {}
    for column in columns:
        if column in IDENTITIES:
            key = IDENTITIES[column]
            gets = taken(key, overwrite=overwrite)
            for name in dict.fromkeys((column, key)):
                values[name] = f"CASE WHEN {gets} THEN s.{name} ELSE c.{name} END"
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
