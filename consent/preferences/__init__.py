"""Preferences: what people reach from the links in their messages, with no account and no cookie."""
