"""Extension point: the scans and recordings that evidence names, for the bundle.

A document of evidence says ``"attachment": {"sha256": …, "media_type": …}``. Who stores such files registers how to
read one in ``AppConfig.ready()``; a file that is gone, or is not the one named, is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from mimetypes import guess_extension
from typing import Any

from portal.organisations.models import Organisation

Reader = Callable[[Organisation, bytes], bytes | None]

_readers: dict[str, Reader] = {}


def register_attachments(name: str, read: Reader) -> None:
    """``read(organisation, digest)``: the content with this SHA-256, or None; a second one by a name replaces it."""
    _readers[name] = read


def attachments_of(organisation: Organisation, proof: dict[str, Any]) -> dict[str, bytes]:
    """File name -> content, for each attachment that the evidence in this proof names and somebody still has."""
    found = {}
    for digest, media_type in named_in(proof):
        for read in _readers.values():
            content = read(organisation, digest)
            if content is not None and hashlib.sha256(content).digest() == digest:
                found[f"{digest.hex()[:16]}{guess_extension(media_type) or '.bin'}"] = content
                break
    return found


def named_in(proof: dict[str, Any]) -> Iterator[tuple[bytes, str]]:
    """The digest and media type of each attachment."""
    for entry in proof.get("evidence") or []:
        named = (entry.get("document") or {}).get("attachment")
        if not isinstance(named, dict) or not isinstance(named.get("sha256"), str):
            continue
        try:
            yield bytes.fromhex(named["sha256"]), str(named.get("media_type", ""))
        except ValueError:
            continue
