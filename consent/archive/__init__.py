"""The intermediate archive: evidence that leaves active use, kept apart for a dispute, for a time (R-06)."""
