"""The statements of an undo; each works on a window of the contacts that the import changed or created.

Where tables are joined, the planner does not see which organisation it is: of a new one it expects nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from subscribers.imports.afterwards import Touch

# Index: changes_of_imports.
CHANGE_BOUNDS = """
SELECT min(h.contact_id), max(h.contact_id) FROM subscribers_importchange h
WHERE h.organisation_id = %(organisation)s AND h.source_import_id = %(import)s
"""
# Index: contacts_by_import.
CREATED_BOUNDS = """
SELECT min(c.id + 0), max(c.id + 0) FROM subscribers_contact c
WHERE c.organisation_id = %(organisation)s AND c.source_import_id = %(import)s
"""

IN_WINDOW = """
h.organisation_id = %(organisation)s AND h.source_import_id = %(import)s
    AND h.contact_id > %(after)s AND h.contact_id <= %(upto)s"""
CHANGES = f"""
SELECT h.contact_id, h.id, h.before, h.after FROM subscribers_importchange h WHERE {IN_WINDOW}
ORDER BY h.contact_id, h.id
"""  # noqa: S608
# What other imports changed of these contacts. Index: changes_of_contacts.
LATER_CHANGES = """
SELECT h.contact_id, h.id, h.before, h.after FROM subscribers_importchange h
WHERE h.organisation_id = %(organisation)s AND h.contact_id = ANY (%(contacts)s::bigint[])
    AND h.source_import_id <> %(import)s
ORDER BY h.contact_id, h.id
"""
# Index: the primary key. Locked in the order of all writers.
PEOPLE = """
SELECT c.id, c.email, c.email_key, c.phone, c.external_id, c.first_name, c.last_name, c.language, c.country,
       c.tags, c.attributes, c.provenance
FROM subscribers_contact c
WHERE c.organisation_id = %(organisation)s AND c.id = ANY (%(contacts)s::bigint[])
ORDER BY c.id FOR UPDATE OF c
"""
# Who has these identities now. Indexes: one_contact_an_email, one_contact_a_phone, one_contact_an_external_id.
HOLDERS = """
SELECT c.{column}, c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation)s AND c.{column} = ANY (%(values)s::text[])
"""

# The new rows of a window as arrays, one a column: the planner knows their length.
COLUMNS = ("email", "email_key", "phone", "external_id", "first_name", "last_name", "language", "country")
WRITE_VALUES = f"""
UPDATE subscribers_contact c SET {", ".join(f"{name} = u.{name}" for name in COLUMNS)},
    tags = ARRAY(SELECT jsonb_array_elements_text(u.tags)), attributes = u.attributes, provenance = u.provenance,
    updated_at = %(now)s
FROM unnest(%(id)s::bigint[], {", ".join(f"%({name})s::text[]" for name in COLUMNS)},
            %(tags)s::jsonb[], %(attributes)s::jsonb[], %(provenance)s::jsonb[])
    AS u (id, {", ".join(COLUMNS)}, tags, attributes, provenance)
WHERE c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = u.id
"""  # noqa: S608
# What is left of a change is what was not brought back.
FORGET_CHANGES = f"DELETE FROM subscribers_importchange h WHERE {IN_WINDOW} AND h.id <> ALL (%(kept)s::bigint[])"  # noqa: S608
REWRITE_CHANGES = """
UPDATE subscribers_importchange h SET before = u.before, after = u.after
FROM unnest(%(id)s::bigint[], %(before)s::jsonb[], %(after)s::jsonb[]) AS u (id, before, after)
WHERE h.organisation_id = (SELECT %(organisation)s::bigint) AND h.id = u.id
"""

# The same question for the preview, of all changes at once, one look-up a change: what stands as the import wrote it?
TAKEN = """
WHEN k.key = '{key}' AND EXISTS (SELECT FROM subscribers_contact o WHERE o.organisation_id = %(organisation)s
    AND o.{key} = h.before ->> '{key}' AND o.id <> h.contact_id) THEN 'identity_taken'"""
VALUE = f"""CASE k.key {" ".join(f"WHEN '{name}' THEN to_jsonb(c.{name})" for name in COLUMNS)}
    ELSE c.attributes -> substr(k.key, 12) END"""
PREVIEW_VALUES = f"""
SELECT reason, count(*) FROM (
    SELECT CASE WHEN k.key = 'tags' THEN CASE WHEN c.tags && ARRAY(SELECT jsonb_array_elements_text(k.value))::varchar[]
            THEN '' ELSE 'nothing' END
        WHEN COALESCE({VALUE}, 'null') <> k.value THEN 'changed_since'
        {"".join(TAKEN.format(key=key) for key in ("email_key", "phone", "external_id"))} ELSE '' END AS reason
    FROM subscribers_importchange h
    JOIN subscribers_contact c ON c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = h.contact_id
    CROSS JOIN LATERAL jsonb_each(h.after) AS k (key, value)
    WHERE {IN_WINDOW} AND NOT (k.key = 'email' AND h.after ? 'email_key')
) judged
WHERE reason <> 'nothing' GROUP BY reason
"""  # noqa: S608

ADDRESSES = """
SELECT {column} FROM subscribers_contact
WHERE organisation_id = %(organisation)s AND id = ANY (%(contacts)s::bigint[]) AND {column} IS NOT NULL
"""

# Of the contacts a lot brought, the first reason that holds for each, NULL for those nobody has touched.
# Index: contacts_by_import, or a range of the primary key.
CREATED = """
SELECT {what} FROM (
    SELECT c.id, CASE {whens} END AS reason FROM subscribers_contact c
    WHERE c.organisation_id = (SELECT %(organisation)s::bigint) AND c.source_import_id = %(import)s
        AND c.id > %(after)s AND c.id <= %(upto)s
    {lock}
) c {end}
"""
LOCK = "ORDER BY c.id FOR UPDATE OF c"
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
