"""Hand-written SQL of contacts; every statement names the organisation first."""

from __future__ import annotations

KEEP_TAG_NAMES = """
INSERT INTO subscribers_tagname (organisation_id, name)
SELECT %(organisation_id)s, name FROM unnest(%(tags)s::text[]) AS name
ON CONFLICT DO NOTHING
"""

# Ways to find a person; each reads at most %(most)s entries of one index, whatever the size of the organisation.
# Index: one_contact_an_email (C collation, so a prefix is a range).
BY_EMAIL = """
(SELECT c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.email_key LIKE %(email)s ORDER BY c.email_key LIMIT %(most)s)
"""
# Index: one_contact_a_phone.
BY_PHONE = """
(SELECT c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.phone LIKE %(phone)s ORDER BY c.phone LIMIT %(most)s)
"""
# Index: one_contact_an_external_id.
BY_EXTERNAL_ID = """
(SELECT c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND c.external_id LIKE %(external_id)s
ORDER BY c.external_id LIMIT %(most)s)
"""
# Index: contacts_by_last_name.
BY_LAST_NAME = """
(SELECT c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND lower(c.last_name) COLLATE "C" LIKE lower(%(last_name)s)
ORDER BY lower(c.last_name) COLLATE "C", c.id LIMIT %(most)s)
"""
# Index: contacts_by_last_name, for one family's members.
BY_FULL_NAME = """
(SELECT c.id FROM subscribers_contact c
WHERE c.organisation_id = %(organisation_id)s AND lower(c.last_name) COLLATE "C" LIKE lower(%(family)s)
  AND lower(c.first_name) LIKE lower(%(given)s)
ORDER BY lower(c.last_name) COLLATE "C", c.id LIMIT %(most)s)
"""

# How many contacts, counted up to a limit: exact for small organisations, cheap for large ones.
# Index: contacts_newest_first.
COUNT_UP_TO = """
SELECT count(*) FROM (
    SELECT FROM subscribers_contact c WHERE c.organisation_id = %(organisation_id)s LIMIT %(most)s
) counted
"""
