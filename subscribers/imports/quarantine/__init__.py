"""Quarantine: bought and partner lists wait until a sample of their proofs was looked at (I-02 to I-04)."""
