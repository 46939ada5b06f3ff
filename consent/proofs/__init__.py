"""Proofs for those who do not trust us. See ``docs/build/ledger.md``."""
