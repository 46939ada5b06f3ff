"""Recall: a whole lot, at any time: freeze it, inform who must know, delete it (I-12)."""
