"""What the public pages read, each in one statement by primary keys."""

from __future__ import annotations

from consent.renewal.sql import DUE, REWORDED

# Who writes, to whom and why, for the holder of a link. The contact may have been erased since, the purpose closed.
TARGET = """
SELECT o.slug, o.name, o.locale, o.postal_address, o.dpo_email, o.time_zone,
       o.accent, o.logo, o.logo_text, o.logo_width, o.logo_height,
       c.id IS NOT NULL AS known, c.email, c.phone, c.language, c.origin, c.collected_at, c.created_at,
       p.id, p.name, p.description, p.texts, p.basis,
       s.status, s.since, e.source,
       i.origin_name, i.collected_by, i.collected_on, i.created_at
FROM portal_organisation o
LEFT JOIN subscribers_contact c ON c.organisation_id = o.id AND c.id = %(contact)s
LEFT JOIN consent_purpose p ON p.organisation_id = o.id AND p.id = %(purpose)s
LEFT JOIN consent_consentstate s ON s.organisation_id = o.id AND s.contact_id = c.id AND s.purpose_id = p.id
    AND s.channel = %(channel)s
LEFT JOIN consent_consentevent e ON e.id = s.event_id
LEFT JOIN subscribers_import i ON i.organisation_id = o.id AND i.id = c.source_import_id
WHERE o.id = %(organisation)s
"""

# Every purpose people may see (and the one the message was about), with where this person stands on each channel.
# A row for a purpose and channel it offers.
CHOICES = f"""
SELECT p.id, p.name, p.description, p.texts, p.basis, p.soft_opt_in, p.kind, p.double_opt_in, offered.channel,
       s.status,
       COALESCE(s.status = 'granted' AND s.expires_at <= %(now)s, FALSE) AS over,
       COALESCE({DUE.format(now="%(now)s::timestamptz")}, FALSE) AS due,
       COALESCE({REWORDED}, FALSE) AS reworded, s.expires_at,
       CASE WHEN p.special_category THEN p.explicit_wording ELSE '' END AS explicit
FROM consent_purpose p
CROSS JOIN LATERAL unnest(p.channels) WITH ORDINALITY AS offered(channel, place)
JOIN subscribers_contact c ON c.organisation_id = p.organisation_id AND c.id = %(contact)s
LEFT JOIN consent_consentstate s ON s.organisation_id = p.organisation_id AND s.contact_id = c.id
    AND s.purpose_id = p.id AND s.channel = offered.channel
WHERE p.organisation_id = %(organisation)s AND (p.public OR p.id = %(purpose)s)
  AND CASE offered.channel
      WHEN 'email' THEN c.email_key IS NOT NULL
      WHEN 'sms' THEN c.phone IS NOT NULL
      WHEN 'phone' THEN c.phone IS NOT NULL
      ELSE s.status IS NOT NULL END
ORDER BY p.id <> %(purpose)s, p.name, p.id, offered.place
"""  # noqa: S608
