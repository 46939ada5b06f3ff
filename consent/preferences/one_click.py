"""Is this POST the one-click unsubscribe of RFC 8058? Read from the body's bytes: no form parsing on this door."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

FIELD = "List-Unsubscribe"
VALUE = "One-Click"
LARGEST_BODY = 64 * 1024
DONE = b"Unsubscribed.\n"

# Section 3.2: multipart/form-data SHOULD be used. One part, whatever further headers it has.
PART = re.compile(
    rb'content-disposition:[^\r\n]*;\s*name="?list-unsubscribe"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n\s*one-click\s*(?:\r?\n|$)',
    re.IGNORECASE,
)


def is_one_click(content_type: str, body: bytes) -> bool:
    """True for ``List-Unsubscribe=One-Click`` in either encoding; anything else is a person's form."""
    if content_type.lower().startswith("multipart/form-data"):
        return PART.search(body) is not None
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=20)
    except ValueError:
        return False
    return any(
        name.casefold() == FIELD.casefold() and value.strip().casefold() == VALUE.casefold()
        for name, values in fields.items()
        for value in values
    )
