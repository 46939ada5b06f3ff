"""Proofs for those who do not trust us: what they check, and how it is handed over. See ``docs/build/proofs.md``."""
