"""Keys for the tokens in e-mails, found without a database.

A link is followed years after it was sent, a million of them in an hour, and by scanners that forge. So a
token is judged before any query: the key comes from the master key by HKDF, with the key id in the token as
part of the info, and not from a row. The price: an earlier master key stays in
``ACCORD_PREVIOUS_MASTER_KEYS`` for as long as the links made under it must work. The id is a fingerprint of
the master key, so it never depends on the order of a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings

from portal.crypto.boxes import derived_key


@dataclass(frozen=True, repr=False)
class LinkKeys:
    """The current key (id 0 to 255) to make links with, and all the keys to read them with.

    An id has a tuple of keys: one byte is short, and two master keys may share a fingerprint.
    """

    key_id: int
    key: bytes
    by_id: dict[int, tuple[bytes, ...]]

    def candidates(self, key_id: int) -> tuple[bytes, ...]:
        """The keys with this id, none when it is unknown."""
        return self.by_id.get(key_id, ())


def link_key_of(master: bytes) -> tuple[int, bytes]:
    key_id = derived_key(master, b"accord/links/id/1", 1)
    return key_id[0], derived_key(master, b"accord/links/key/1/" + key_id)


@cache
def link_keys_of(current: bytes, previous: tuple[bytes, ...]) -> LinkKeys:
    pairs = [link_key_of(master) for master in (current, *previous)]
    ids = {key_id for key_id, _key in pairs}
    by_id = {wanted: tuple(key for key_id, key in pairs if key_id == wanted) for wanted in ids}
    return LinkKeys(pairs[0][0], pairs[0][1], by_id)


def link_keys() -> LinkKeys:
    """The key ring for link tokens, kept in the process."""
    return link_keys_of(settings.ACCORD.master_key, tuple(settings.ACCORD.previous_master_keys))
