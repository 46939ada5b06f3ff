"""Signed notes that a page carries back to us: which form was shown and when. No row, no cookie.

``<base64url of JSON>.<HMAC-SHA-256>``. The key comes from the master key by HKDF; those of earlier master keys still
verify. They say nothing about a person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from functools import cache
from typing import Any

from django.conf import settings

from portal.crypto.boxes import derived_key

LONGEST = 2000


@cache
def derived(master: bytes) -> bytes:
    return derived_key(master, b"accord/forms/1")


def signing_key() -> bytes:
    return derived(settings.ACCORD.master_key)


def signed(kind: str, said: dict[str, Any]) -> str:
    """The note in one word, fit for a hidden field."""
    body = (
        base64.urlsafe_b64encode(json.dumps({"k": kind, **said}, separators=(",", ":")).encode()).decode().rstrip("=")
    )
    return f"{body}.{tag(signing_key(), body)}"


def read_signed(kind: str, text: str) -> dict[str, Any] | None:
    """What a note of this kind says; None when we did not write it."""
    body, _dot, given = text.partition(".")
    if not body or len(text) > LONGEST:
        return None
    keys = [derived(master) for master in (settings.ACCORD.master_key, *settings.ACCORD.previous_master_keys)]
    if not any(hmac.compare_digest(tag(key, body).encode(), given.encode("utf-8", "replace")) for key in keys):
        return None
    try:
        said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error):
        return None
    return said if said.get("k") == kind else None


def tag(key: bytes, body: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, body.encode(), "sha256")[:16]).decode().rstrip("=")
