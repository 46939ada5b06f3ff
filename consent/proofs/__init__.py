"""Proofs: what an outsider checks without us, and how it is handed over."""
