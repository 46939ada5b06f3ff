"""What is hashed and signed, as canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

NO_SEAL = "0" * 64
"""What the first seal names as its previous one."""


def moment_text(at: datetime) -> str:
    """A moment as hashes know it: in UTC, with six digits and a Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class MomentCells:
    """Moments as COPY writes them in UTC, turned into the text that hashes know; many rows share theirs."""

    KEPT = 50_000

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def __call__(self, cell: bytes) -> bytes:
        found = self._known.get(cell)
        if found is None:
            if len(self._known) >= self.KEPT:
                self._known.clear()
            found = self._known[cell] = moment_of_cell(cell)
        return found


def moment_of_cell(cell: bytes) -> bytes:
    """``2026-11-26 10:00:00.5+00`` as ``2026-11-26T10:00:00.500000Z``; what is no such moment stays as it is."""
    if len(cell) < 22 or cell[10:11] != b" " or not cell.endswith(b"+00"):
        return cell
    time = cell[11:-3]
    return b"%bT%bZ" % (cell[:10], time + b".000000" if len(time) == 8 else time.ljust(15, b"0"))


def text_inside(value: str) -> bytes:
    """The value as it stands between the quotes of a JSON text."""
    return rfc8785.dumps(value)[1:-1]


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What a seal says, as it is signed. ``stream`` is named for every stream but the ledger's (the proof file's)."""

    organisation: str
    number: int
    first: int
    last: int
    count: int
    root: bytes
    previous: bytes | None
    signed_at: datetime
    key_id: str
    stream: str = ""

    def document(self) -> dict[str, Any]:
        named = {"stream": self.stream} if self.stream else {}
        return {
            "organisation": self.organisation,
            "number": self.number,
            "first": str(self.first),
            "last": str(self.last),
            "count": self.count,
            "root": self.root.hex(),
            "previous": self.previous.hex() if self.previous else NO_SEAL,
            "signed_at": moment_text(self.signed_at),
            "key_id": self.key_id,
            **named,
        }

    def hash(self) -> bytes:
        """SHA-256 of the document in canonical JSON: these 32 bytes are signed, and the next seal names them."""
        return hashlib.sha256(rfc8785.dumps(self.document())).digest()
