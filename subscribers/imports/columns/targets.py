"""What a column can be mapped to, besides the fields that the organisation declared."""

IDENTITIES = ("email", "phone", "external_id")
# Addresses that another tool keeps as hashes only: enough to suppress them, and nothing else.
HASHES = ("suppression.sha256", "suppression.md5")
TARGETS = (
    *IDENTITIES, "first_name", "last_name", "language", "country", "tags", "consent.occurred_at", "consent.ip",
    "consent.status", "consent.withdrawn_at", "consent.form_url", "consent.text", "consent.purpose", "consent.channel",
    *HASHES,
)  # fmt: skip
# Tools keep what a person said in several columns, one a channel or one a kind of mishap.
REPEATABLE = frozenset(("consent.status",))
