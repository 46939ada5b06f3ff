"""A column of e-mail addresses to addresses, keys and flags: the hottest loop of an import."""

from __future__ import annotations

import re
from collections.abc import Sequence

from subscribers.contacts.normalising import (
    KNOWN_DOMAINS,
    LONGEST_EMAIL,
    DomainBook,
    InvalidValueError,
    normalise_email,
)
from subscribers.contacts.values import is_nothing
from subscribers.imports.problems import RejectCode
from subscribers.imports.values.converting import NULL, Errors
from subscribers.imports.values.flags import ROLES, Flag, domain_flags

# A local part of which nothing needs to be asked, but whether it is a role.
PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[a-z0-9_+\-]+(?:\.[a-z0-9_+\-]+)*").fullmatch


class EmailConverter:
    """Addresses as typed, their keys, and what is odd about some of them.

    Nearly every address of a file is at a domain that was met before and has nothing odd: its key is the address in
    small letters, and it takes the short way.
    """

    def __init__(self) -> None:
        self._book = DomainBook()
        self._plain_domains: set[str] = set()

    def convert(self, values: Sequence[str], errors: Errors, flagged: dict[int, Flag]) -> tuple[list[str], list[str]]:
        """Two columns, addresses and keys; notes errors and flags by row number."""
        addresses, keys = list(values), list(map(str.lower, values))
        plain_domains, roles, plain_local = self._plain_domains, ROLES, PLAIN_LOCAL
        for number, key in enumerate(keys):
            local, _at, domain = key.rpartition("@")
            if domain in plain_domains and local not in roles and plain_local(local) and len(key) <= LONGEST_EMAIL:
                continue
            addresses[number], keys[number] = self._looked_at(number, values[number], errors, flagged)
        return addresses, keys

    def _looked_at(self, number: int, value: str, errors: Errors, flagged: dict[int, Flag]) -> tuple[str, str]:
        try:
            address, key = normalise_email(value, self._book)
        except InvalidValueError:
            if not is_nothing(value):
                errors.setdefault(number, RejectCode.INVALID_EMAIL)
            return NULL, NULL
        local, _at, domain = key.rpartition("@")
        odd = domain_flags(domain)
        if odd is None:
            self._remember(domain)
        if odd or local in ROLES:
            flagged[number] = odd.flag if odd else Flag.ROLE_ADDRESS
        return address, key

    def _remember(self, domain: str) -> None:
        """A domain in its normal form that has nothing odd; written so, its addresses are their own keys."""
        if len(self._plain_domains) >= KNOWN_DOMAINS:
            self._plain_domains.clear()
        self._plain_domains.add(domain)
