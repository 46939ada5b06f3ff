"""SQL of the notices."""

# Places in Wagtail's tree are numbered one after the other: whoever adds a page waits for whoever adds one. Held until
# the transaction ends; the number is ours alone. No parameter, no table.
HOLD_THE_TREE = "SELECT pg_advisory_xact_lock(7201964, 1)"
