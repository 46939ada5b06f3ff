"""Cells as people wrote them to values as they are stored, a column at a time."""
