"""Tokens in e-mails: who, which purpose, which channel, and a tag that says we wrote it.

36 bytes in 48 base64url characters, so no bit is spare and each token has one spelling::

    version 1 | key id 1 | kind 1 | channel 1 | organisation 4 | purpose 4 | contact 8 | tag 16

Whole numbers are big-endian; the tag is HMAC-SHA-256 over the first 20 bytes, cut to 128 bits (RFC 2104,
section 5). A token is verified with no database read and works for years (``portal.crypto.link_keys``). It
lets its holder choose, and never read: what the pages show is masked. Making and reading change nothing
(W-05).
"""

from __future__ import annotations

import hmac
import re
import struct
from base64 import b64decode, urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.crypto import LinkKeys, link_keys
from portal.errors import DomainError

VERSION = 1
TAG_BYTES = 16
PREFIX = struct.Struct(">BBBBII")
CONTACT = struct.Struct(">Q")
BODY_BYTES = PREFIX.size + CONTACT.size
TOKEN_LENGTH = (BODY_BYTES + TAG_BYTES) * 4 // 3
SPELLING = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}", re.ASCII)
# Written into tokens that live for years: a number is never given to another channel.
CHANNEL_CODES: dict[str, int] = {
    Channel.EMAIL: 1,
    Channel.SMS: 2,
    Channel.PUSH: 3,
    Channel.PHONE: 4,
    Channel.POST: 5,
}
URL_SAFE = bytes.maketrans(b"+/", b"-_")
CHANNELS = {code: channel for channel, code in CHANNEL_CODES.items()}


class LinkError(DomainError):
    """A token we did not write, or that was cut on its way."""

    code = "invalid_link"
    status = 404
    title = _("This link is not complete. Open it again from the message, or copy it in full.")


class LinkKind(IntEnum):
    """What a token is for: one kind never passes for another."""

    CHOICE = 1
    """Stop, choose, ask why: what every message carries."""
    CONFIRM = 2
    """Confirm a double opt-in: only the message that asks carries it."""


@dataclass(frozen=True)
class LinkTarget:
    """Whom and what a link is about; ``purpose_id`` 0 where no single purpose is meant."""

    organisation_id: int
    contact_id: int
    purpose_id: int
    channel: str
    kind: LinkKind = LinkKind.CHOICE


def make_token(target: LinkTarget) -> str:
    """The token for this target, 48 characters, made with the link key in use."""
    make = token_maker(target.organisation_id, target.purpose_id, target.channel, kind=target.kind)
    return make(target.contact_id)


def token_maker(
    organisation_id: int, purpose_id: int, channel: str, *, kind: LinkKind = LinkKind.CHOICE
) -> Callable[[int], str]:
    """A function contact id -> token for one organisation, purpose and channel; for streams of millions.

    All that does not change is done once: the keyed HMAC has the prefix behind it and is copied for each
    contact.
    """
    keys = link_keys()
    prefix = PREFIX.pack(VERSION, keys.key_id, kind, CHANNEL_CODES[channel], organisation_id, purpose_id)
    written = urlsafe_b64encode(prefix)  # 12 bytes are 16 whole characters
    begun = hmac.new(keys.key, prefix, "sha256")
    packed, plain, copied = CONTACT.pack, b2a_base64, begun.copy

    def make(contact_id: int) -> str:
        contact = packed(contact_id)
        mac = copied()
        mac.update(contact)
        text = plain(contact + mac.digest()[:TAG_BYTES], newline=False)
        return (written + text.translate(URL_SAFE)).decode()

    return make


def read_token(token: str) -> LinkTarget:
    """What a token says, once its tag is found to be ours; raises :class:`LinkError` for anything else."""
    if not SPELLING.fullmatch(token):
        raise LinkError
    raw = b64decode(token, altchars=b"-_")
    body = raw[:BODY_BYTES]
    version, key_id, kind, channel, organisation_id, purpose_id = PREFIX.unpack_from(body)
    if version != VERSION or not tag_is_ours(link_keys(), key_id, body, raw[BODY_BYTES:]):
        raise LinkError
    (contact_id,) = CONTACT.unpack_from(body, PREFIX.size)
    try:
        return LinkTarget(organisation_id, contact_id, purpose_id, CHANNELS[channel], LinkKind(kind))
    except (KeyError, ValueError):  # a kind or channel of a later release, read by an earlier one
        raise LinkError from None


def tag_is_ours(keys: LinkKeys, key_id: int, body: bytes, tag: bytes) -> bool:
    """Compares in constant time: how long it takes tells nothing about the right tag."""
    return any(
        hmac.compare_digest(hmac.digest(key, body, "sha256")[:TAG_BYTES], tag) for key in keys.candidates(key_id)
    )
