"""Copies: what we hold about one person, on one page and as a file."""
