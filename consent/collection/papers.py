"""The scans and recordings behind evidence, for whoever hands out proofs."""

from __future__ import annotations

from consent.collection.scans import paper_content
from consent.proofs.attachments import register_attachments


def register() -> None:
    register_attachments("collection", paper_content)
