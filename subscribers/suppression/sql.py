"""Hand-written SQL of the suppression list; every statement names the organisation first."""

from __future__ import annotations

# Which of these digests are on the list, on any of these channels. Index: one_suppression_an_address.
LISTED = """
SELECT s.id, s.channel, s.digest FROM subscribers_suppression s
WHERE s.organisation_id = %(organisation_id)s AND s.channel = ANY(%(channels)s)
  AND s.hash_type = ANY('{keyed,sha256,md5}') AND s.digest = ANY(%(digests)s)
"""

# Which of these are tied to a contact, and to which. Index: one_suppression_an_address.
TIED = (
    LISTED.replace("s.id, s.channel, s.digest", "s.channel, s.digest, s.contact_id") + "  AND s.contact_id IS NOT NULL"
)

# Why they are on the list. Index: one_suppression_an_address.
REASONS = LISTED.replace("s.id, s.channel, s.digest", "s.digest, s.channel, s.reason")

# New entries, already tied to the contact that has the address. What is listed already stays as it is.
ADD = """
INSERT INTO subscribers_suppression
    (organisation_id, channel, hash_type, key_version, digest, reason, contact_id, created_at)
SELECT %(organisation_id)s, w.channel, w.hash_type, w.version, w.digest, w.reason, w.contact_id, %(now)s
FROM unnest(
    %(channels)s::text[], %(hash_types)s::text[], %(versions)s::smallint[], %(digests)s::bytea[],
    %(reasons)s::text[], %(contacts)s::bigint[]
) AS w (channel, hash_type, version, digest, reason, contact_id)
ON CONFLICT (organisation_id, channel, hash_type, digest) DO NOTHING
RETURNING id, channel, digest
"""

# Who has these addresses. Indexes: one_contact_an_email, one_contact_a_phone.
HOLDERS = """
SELECT c.email_key, c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.email_key = ANY(%(email_keys)s)
UNION ALL
SELECT c.phone, c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.phone = ANY(%(phones)s)
"""

# Who has an address with one of these plain hashes: reads every contact once, whatever the length of the list
# (PostgreSQL hashes a long ANY), and runs before the transaction has written anything.
HASHED_HOLDERS = {
    ("sha256", "email_key"): """
SELECT sha256(convert_to(c.email_key, 'UTF8')), c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.email_key IS NOT NULL
  AND sha256(convert_to(c.email_key, 'UTF8')) = ANY(%(digests)s)
""",
    ("sha256", "phone"): """
SELECT sha256(convert_to(c.phone, 'UTF8')), c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.phone IS NOT NULL
  AND sha256(convert_to(c.phone, 'UTF8')) = ANY(%(digests)s)
""",
    ("md5", "email_key"): """
SELECT decode(md5(c.email_key), 'hex'), c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.email_key IS NOT NULL
  AND decode(md5(c.email_key), 'hex') = ANY(%(digests)s)
""",
    ("md5", "phone"): """
SELECT decode(md5(c.phone), 'hex'), c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.phone IS NOT NULL
  AND decode(md5(c.phone), 'hex') = ANY(%(digests)s)
""",
}

# A contact's addresses have changed: entries of the addresses it lost let go of it. Index: suppressions_of_contacts.
UNTIE = """
UPDATE subscribers_suppression s SET contact_id = NULL
WHERE s.organisation_id = %(organisation_id)s AND s.contact_id = %(contact_id)s
  AND NOT s.digest = ANY(%(digests)s)
"""
# The same for many contacts of an import, on the channels that reach the column which moved.
UNTIE_MOVED = """
UPDATE subscribers_suppression s SET contact_id = NULL
WHERE s.organisation_id = %(organisation_id)s AND s.contact_id = ANY(%(contacts)s) AND s.channel = ANY(%(channels)s)
"""
# ... and those of the addresses it has hold it. Index: one_suppression_an_address.
TIE = """
UPDATE subscribers_suppression s SET contact_id = %(contact_id)s
WHERE s.organisation_id = %(organisation_id)s AND s.channel = ANY(%(channels)s)
  AND s.hash_type = ANY('{keyed,sha256,md5}') AND s.digest = ANY(%(digests)s)
  AND s.contact_id IS DISTINCT FROM %(contact_id)s
"""
# Entries whose address somebody has taken meanwhile. Index: the primary key.
TIE_ENTRIES = """
UPDATE subscribers_suppression s SET contact_id = w.contact_id
FROM unnest(%(ids)s::bigint[], %(contacts)s::bigint[]) AS w (id, contact_id)
WHERE s.organisation_id = (SELECT %(organisation_id)s::bigint) AND s.id = w.id
    AND s.contact_id IS DISTINCT FROM w.contact_id
"""

# The oldest transaction that runs now, and the untied entries written by it or by any after it. Each row carries the
# transaction that wrote it, so nothing depends on clocks, nor on the order in which ids were given out.
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
RECENT = """
SELECT s.id, s.channel, s.digest FROM subscribers_suppression s
WHERE s.organisation_id = %(organisation_id)s AND s.contact_id IS NULL
  AND age(s.xmin) <= age(%(since)s::xid8::xid)
"""
