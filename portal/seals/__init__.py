"""Seals: signed Merkle trees over rows that may never change. See ``docs/build/ledger.md``."""
