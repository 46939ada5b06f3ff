"""The statements of an undo; each works on a window of the contacts that the import changed or created.

A value comes back only while it is still the one the import wrote. Index: changes_of_imports, contacts_by_import.
"""

from __future__ import annotations

from collections.abc import Iterable

from subscribers.imports.afterwards import Touch

CHANGE_BOUNDS = """
SELECT min(h.contact_id), max(h.contact_id) FROM subscribers_importchange h
WHERE h.organisation_id = %(organisation)s AND h.source_import_id = %(import)s
"""
CREATED_BOUNDS = """
SELECT min(c.id + 0), max(c.id + 0) FROM subscribers_contact c
WHERE c.organisation_id = %(organisation)s AND c.source_import_id = %(import)s
"""

IN_WINDOW = """
h.organisation_id = %(organisation)s AND h.source_import_id = %(import)s
    AND h.contact_id > %(after)s AND h.contact_id <= %(upto)s"""
LOCK = "ORDER BY c.id FOR UPDATE OF c"

# What was written into each place, and what had stood there: a contact that was met twice has two changes.
CHANGES = f"""
changes AS MATERIALIZED (
    SELECT h.contact_id, k.key, (array_agg(h.before -> k.key ORDER BY h.id))[1] AS before,
           (array_agg(k.value ORDER BY h.id DESC))[1] AS after, max(h.id) AS last_change
    FROM subscribers_importchange h CROSS JOIN LATERAL jsonb_each(h.after) AS k (key, value)
    WHERE {IN_WINDOW} AND k.key <> 'tags'
    GROUP BY h.contact_id, k.key
),
added_tags AS MATERIALIZED (
    SELECT h.contact_id, array_agg(DISTINCT tag) AS tags
    FROM subscribers_importchange h
    CROSS JOIN LATERAL jsonb_array_elements_text(COALESCE(h.after -> 'tags', '[]')) AS tag
    WHERE {IN_WINDOW}
    GROUP BY h.contact_id
),
earlier AS MATERIALIZED (
    SELECT DISTINCT ON (h.contact_id) h.contact_id, NULLIF(h.before -> 'provenance', 'null') AS provenance
    FROM subscribers_importchange h WHERE {IN_WINDOW} ORDER BY h.contact_id, h.id
)"""  # noqa: S608

PEOPLE = f"""
people AS MATERIALIZED (
    SELECT c.id, c.attributes, c.tags, c.provenance, to_jsonb(c) AS columns FROM subscribers_contact c
    WHERE c.organisation_id = %(organisation)s
        AND c.id IN (SELECT h.contact_id FROM subscribers_importchange h WHERE {IN_WINDOW})
    {{lock}}
)"""  # noqa: S608

# `reason`: why a value stays. An identity that somebody else has by now stays away, and nobody loses their last one.
# The address and its key go together. Indexes: one_contact_an_email, one_contact_a_phone, one_contact_an_external_id.
TAKEN = """
WHEN d.key = '{key}' AND EXISTS (SELECT FROM subscribers_contact o WHERE o.organisation_id = %(organisation)s
    AND o.{key} = d.before #>> '{{}}' AND o.id <> d.contact_id) THEN 'identity_taken'"""
JUDGED = f"""
compared AS MATERIALIZED (
    SELECT d.*, starts_with(d.key, 'attributes.') AS is_attribute,
           COALESCE(NULLIF(CASE WHEN starts_with(d.key, 'attributes.') THEN p.attributes -> substr(d.key, 12)
               ELSE p.columns -> d.key END, 'null'), 'null') = COALESCE(d.after, 'null') AS stands
    FROM changes d JOIN people p ON p.id = d.contact_id
),
answered AS MATERIALIZED (
    SELECT d.*, CASE WHEN NOT d.stands THEN 'changed_since'
        {"".join(TAKEN.format(key=key) for key in ("email_key", "phone", "external_id"))} END AS own_reason
    FROM compared d
),
paired AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.key IN ('email', 'email_key')
        THEN max(d.own_reason) FILTER (WHERE d.key IN ('email', 'email_key')) OVER (PARTITION BY d.contact_id)
        ELSE d.own_reason END AS paired_reason
    FROM answered d
),
becoming AS MATERIALIZED (
    SELECT d.contact_id, jsonb_object_agg(d.key, COALESCE(d.before, 'null')) AS columns
    FROM paired d WHERE d.paired_reason IS NULL AND NOT d.is_attribute GROUP BY d.contact_id
),
nameless AS MATERIALIZED (
    SELECT p.id FROM people p JOIN becoming b ON b.contact_id = p.id
    WHERE COALESCE((p.columns || b.columns) ->> 'email_key', (p.columns || b.columns) ->> 'phone',
        (p.columns || b.columns) ->> 'external_id') IS NULL
),
judged AS MATERIALIZED (
    SELECT d.contact_id, d.key, d.before, d.after, d.is_attribute, d.last_change,
           CASE WHEN d.paired_reason IS NULL AND n.id IS NOT NULL
               AND d.key IN ('email', 'email_key', 'phone', 'external_id') THEN 'last_identity'
           ELSE d.paired_reason END AS reason
    FROM paired d LEFT JOIN nameless n ON n.id = d.contact_id
)"""  # noqa: S608

COUNTED = """
SELECT reason, count(*) FROM judged WHERE key <> 'email_key' GROUP BY reason
UNION ALL SELECT NULL, count(*) FROM added_tags a JOIN people p ON p.id = a.contact_id WHERE p.tags && a.tags::varchar[]
"""
PREVIEW_VALUES = f"WITH {CHANGES}, {PEOPLE.format(lock='')}, {JUDGED} {COUNTED}"

# A value that came later stands; should its own import be undone, too, what stood before this one comes back.
HAND_ON = f"""
WITH {CHANGES}, {PEOPLE.format(lock="")}, {JUDGED},
next AS (
    SELECT DISTINCT ON (d.contact_id, d.key) l.id, d.key, d.before
    FROM judged d JOIN subscribers_importchange l ON l.organisation_id = %(organisation)s
        AND l.contact_id = d.contact_id AND l.source_import_id <> %(import)s AND l.id > d.last_change
        AND COALESCE(l.before -> d.key, 'null') = COALESCE(d.after, 'null') AND l.after ? d.key
    WHERE d.reason = 'changed_since'
    ORDER BY d.contact_id, d.key, l.id
)
UPDATE subscribers_importchange l SET before = l.before || n.before
FROM (SELECT id, jsonb_object_agg(key, COALESCE(before, 'null')) AS before FROM next GROUP BY id) n
WHERE l.id = n.id
"""  # noqa: S608

TEXTS = ("first_name", "last_name", "language", "country")
IDENTITIES = ("email", "email_key", "phone", "external_id")
ASSIGNMENTS = ",\n        ".join(
    [f"{name} = CASE WHEN r.columns ? '{name}' THEN r.columns ->> '{name}' ELSE c.{name} END" for name in IDENTITIES]
    + [
        f"{name} = CASE WHEN r.columns ? '{name}' THEN COALESCE(r.columns ->> '{name}', '') ELSE c.{name} END"
        for name in TEXTS
    ]
)
# Where a value comes from goes back with it, as far as it came from this import.
PROVENANCE = """(
    SELECT NULLIF(COALESCE(jsonb_object_agg(from_where.key, from_where.value), '{}'), '{}') FROM (
        SELECT e.key, e.value FROM jsonb_each(COALESCE(c.provenance, '{}')) e
        WHERE NOT (e.key = ANY (r.keys) AND e.value #>> '{}' = %(import_text)s)
        UNION ALL
        SELECT e.key, e.value FROM jsonb_each(COALESCE(r.provenance, '{}')) e
        WHERE e.key = ANY (r.keys) AND c.provenance -> e.key #>> '{}' = %(import_text)s
    ) from_where)"""
RESTORED = """
restored AS MATERIALIZED (
    SELECT p.id AS contact_id, COALESCE(v.columns, '{}') AS columns, COALESCE(v.attributes, '{}') AS attributes,
           COALESCE(v.emptied, '{}') AS emptied, COALESCE(a.tags, '{}') AS tags, e.provenance,
           COALESCE(v.keys, '{}') || CASE WHEN a.tags IS NULL THEN '{}'::text[] ELSE '{tags}' END AS keys
    FROM people p
    LEFT JOIN (
        SELECT d.contact_id, array_agg(d.key) AS keys,
               jsonb_object_agg(d.key, COALESCE(d.before, 'null')) FILTER (WHERE NOT d.is_attribute) AS columns,
               jsonb_object_agg(substr(d.key, 12), d.before)
                   FILTER (WHERE d.is_attribute AND COALESCE(d.before, 'null') <> 'null') AS attributes,
               array_agg(substr(d.key, 12))
                   FILTER (WHERE d.is_attribute AND COALESCE(d.before, 'null') = 'null') AS emptied
        FROM judged d WHERE d.reason IS NULL GROUP BY d.contact_id
    ) v ON v.contact_id = p.id
    LEFT JOIN added_tags a ON a.contact_id = p.id
    LEFT JOIN earlier e ON e.contact_id = p.id
    WHERE v.contact_id IS NOT NULL OR a.contact_id IS NOT NULL
)"""
RESTORE_VALUES = f"""
WITH {CHANGES}, {PEOPLE.format(lock=LOCK)}, {JUDGED}, {RESTORED},
written AS (
    UPDATE subscribers_contact c SET {ASSIGNMENTS},
        attributes = (c.attributes - r.emptied) || r.attributes,
        tags = ARRAY(SELECT tag FROM unnest(c.tags) WITH ORDINALITY AS t (tag, place)
            WHERE tag <> ALL (r.tags) ORDER BY place),
        provenance = {PROVENANCE},
        updated_at = %(now)s
    FROM restored r
    WHERE c.organisation_id = %(organisation)s AND c.id = r.contact_id
),
shortened AS (
    UPDATE subscribers_importchange h SET before = h.before - r.keys, after = h.after - r.keys
    FROM restored r WHERE {IN_WINDOW} AND h.contact_id = r.contact_id
)
SELECT (SELECT array_agg(contact_id ORDER BY contact_id) FROM restored WHERE columns ? 'email_key') AS email_moved,
       (SELECT array_agg(contact_id ORDER BY contact_id) FROM restored WHERE columns ? 'phone') AS phone_moved,
       (SELECT jsonb_agg(jsonb_build_array(reason, count)) FROM ({COUNTED}) counted (reason, count)) AS counted
"""  # noqa: S608
# What is left of a change after that is what was not brought back; its contact may be gone altogether.
FORGET_RESTORED = f"""
DELETE FROM subscribers_importchange h WHERE {IN_WINDOW}
    AND (h.after = '{{}}' OR NOT EXISTS (SELECT FROM subscribers_contact c
        WHERE c.organisation_id = %(organisation)s AND c.id = h.contact_id))
"""  # noqa: S608

ADDRESSES = """
SELECT {column} FROM subscribers_contact
WHERE organisation_id = %(organisation)s AND id = ANY (%(contacts)s::bigint[]) AND {column} IS NOT NULL
"""

# Of the contacts a lot brought, the first reason that holds for each, NULL for those nobody has touched.
CREATED = """
SELECT {what} FROM (
    SELECT c.id, CASE {whens} END AS reason FROM subscribers_contact c
    WHERE c.organisation_id = %(organisation)s AND c.source_import_id = %(import)s
        AND c.id > %(after)s AND c.id <= %(upto)s
    {lock}
) c {end}
"""
# Where a value comes from: a number is an import, anything else somebody's hand.
OTHER_HANDS = "EXISTS (SELECT FROM jsonb_each_text(c.provenance) p WHERE p.value !~ '^[0-9]+$')"
OTHER_IMPORTS = """EXISTS (SELECT FROM jsonb_each_text(c.provenance) p
    WHERE p.value ~ '^[0-9]+$' AND p.value <> ALL (%(undone)s::text[]))"""
# Index: suppressions_of_contacts.
SUPPRESSED = """EXISTS (SELECT FROM subscribers_suppression x
    WHERE x.organisation_id = c.organisation_id AND x.contact_id = c.id)"""


def created(touches: Iterable[Touch], *, what: str, lock: str = "", end: str = "") -> str:
    """The statement over the contacts a lot brought, with these touches in their order."""
    whens = " ".join(f"WHEN {touch.sql} THEN '{touch.reason}'" for touch in touches) or "WHEN FALSE THEN ''"
    return CREATED.format(whens=whens, what=what, lock=lock, end=end)
