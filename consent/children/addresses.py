"""Addresses as they are reported, in their normal form; what is wrong is told at its place."""

from __future__ import annotations

from dataclasses import replace

from consent.children.rules import PARENT, Parent
from portal.errors import InvalidInputError
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.contacts.rules import DETAILS


def sound_parent(organisation: Organisation, parent: Parent) -> Parent:
    """The same with its name in one line and its addresses in their normal form; raises ``invalid_input``."""
    return replace(
        parent,
        name=" ".join(parent.name.split()),
        email=sound_email(parent.email, PARENT, "email"),
        phone=normal_phone(organisation, parent.phone, PARENT, "phone"),
    )


def sound_email(text: str, *loc: str) -> str:
    if not text.strip():
        return ""
    try:
        return normalise_email(text)[0]
    except InvalidValueError as error:
        raise InvalidInputError.at(*loc, code=str(error), detail=DETAILS["invalid_email"]) from None


def normal_phone(organisation: Organisation, text: str, *loc: str) -> str:
    if not text.strip():
        return ""
    try:
        return PhoneBook(organisation.country).normalise(text)
    except InvalidValueError as error:
        raise InvalidInputError.at(*loc, code=str(error), detail=DETAILS["invalid_phone"]) from None
