"""The address each channel reaches, and the digests an address may stand under. Pure.

The message that is hashed is the normal form itself (`subscribers.contacts.normalising`): the e-mail key, or the phone
in E.164. Imports, writes and the API all hash exactly that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.crypto import KeyedHasher
from portal.errors import FieldProblem
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.suppression.models import HashType

# Channel -> the column of a contact that holds the address. Push and post have no address to hash here.
REACHED_BY: dict[str, str] = {Channel.EMAIL: "email_key", Channel.SMS: "phone", Channel.PHONE: "phone"}
DIGEST_BYTES: dict[str, int] = {HashType.SHA256: 32, HashType.MD5: 16}

DETAILS = {
    "invalid_email": _("This is not an e-mail address."),
    "invalid_phone": _("This is not a phone number. Write it with its country: +33 6 12 34 56 78."),
    "invalid_value": _("This is not a hash in hexadecimal: 64 digits for sha256, 32 for md5."),
    "invalid_channel": _("Addresses are suppressed on email, sms or phone."),
    "ambiguous": _("Give an address or a hash, not both."),
    "required": _("Give an address, or a hash and its hash_type."),
}


def channels_of(column: str) -> list[str]:
    """The channels that reach the address in this column of a contact."""
    return [str(Channel(channel)) for channel, reached in REACHED_BY.items() if reached == column]


def normal_address(channel: str, text: str, *, country: str) -> str:
    """The address in the form that is hashed; raises InvalidValueError with the code."""
    if channel not in REACHED_BY:
        raise InvalidValueError("invalid_channel")
    if REACHED_BY[channel] == "email_key":
        return normalise_email(text)[1]
    return PhoneBook(country).normalise(text)


def decoded_hash(hash_type: str, text: str) -> bytes:
    """The bytes of a plain hash in hexadecimal; raises InvalidValueError."""
    try:
        digest = bytes.fromhex(text.strip())
    except ValueError:
        raise InvalidValueError("invalid_value") from None
    if len(digest) != DIGEST_BYTES.get(hash_type):
        raise InvalidValueError("invalid_value")
    return digest


def digests(hasher: KeyedHasher, address: str) -> Iterator[bytes]:
    """Every digest under which this address may stand: each version of the key (O-10), and both plain hashes."""
    message = address.encode()
    for _version, digest in hasher.all(message):
        yield digest
    yield hashlib.sha256(message).digest()
    yield hashlib.md5(message, usedforsecurity=False).digest()


def problem(loc: str, code: str) -> FieldProblem:
    return FieldProblem((loc,), code, DETAILS[code])
