"""Columns that look like data nobody may just import: special categories (G 9), offences (G 10), national numbers
(G 87), numbers of cards and accounts. Found by name, in six languages, and by what the values are.

A column that is dropped does no harm. One that is mapped stops the import, until somebody has written down why it is
no such data, or on which of the grounds of G 9(2) it is kept. Numbers whose check digits are right stop it for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _
from stdnum import iban, luhn
from stdnum.be import nn
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.us import ssn

from portal.errors import FieldProblem
from subscribers.imports.columns.looks import column_values
from subscribers.imports.columns.naming import plain_name, spaced_name
from subscribers.imports.columns.sensitive_names import SENSITIVE_NAMES

SENSITIVE_DETAILS = {
    "health": _(
        "This looks like data on health, a special category (GDPR, art. 9): leave it out, or write down the explicit "
        "consent or other ground of art. 9(2) on which you keep it."
    ),
    "religion": _(
        "This looks like data on religion or belief, a special category (GDPR, art. 9): leave it out, or write down "
        "the explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "union": _(
        "This looks like membership of a trade union, a special category (GDPR, art. 9): leave it out, or write "
        "down the explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "ethnicity": _(
        "This looks like data on ethnic origin, a special category (GDPR, art. 9): leave it out, or write down the "
        "explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "politics": _(
        "This looks like data on political opinions, a special category (GDPR, art. 9): leave it out, or write down "
        "the explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "sex_life": _(
        "This looks like data on sex life or orientation, a special category (GDPR, art. 9): leave it out, or write "
        "down the explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "biometric": _(
        "This looks like biometric or genetic data, a special category (GDPR, art. 9): leave it out, or write down the "
        "explicit consent or other ground of art. 9(2) on which you keep it."
    ),
    "criminal": _(
        "This looks like data on offences, which only public authorities or a law may allow to keep (GDPR, art. "
        "10): leave it out, or write down why it is no such data."
    ),
    "national_id": _(
        "This looks like a national number or the number of a passport, which the law of each country restricts "
        "(GDPR, art. 87): leave it out, or write down why it is none."
    ),
    "national_id_found": _(
        "These values are national identity numbers: their check digits are right. The law of each country restricts "
        "their use (GDPR, art. 87), and no message needs them: leave the column out."
    ),
    "card_number": _(
        "This looks like data of payment cards, which has no place among contacts: leave it out, or write down why it "
        "is none."
    ),
    "card_number_found": _(
        "These values are numbers of payment cards: their check digits are right. They have no place among contacts: "
        "leave the column out, and delete the file wherever it lies."
    ),
    "iban": _(
        "This looks like bank accounts, which no message needs (GDPR, art. 5(1)(c)): leave it out, or write down "
        "why you keep it."
    ),
}
UNCLEARABLE = frozenset(("card_number_found", "national_id_found"))

# The number of a loyalty card is none of a payment card.
LOYALTY = re.compile(r"\b(loyalty|member|club|fidelite|fidelidad|fedelta|treue\w*|kunden\w*|klanten\w*|gift|cadeau)\b")

CARD = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}"
)
NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
IBAN_LIKE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
# Enough of a column, and more than chance: a digit that checks is right once in ten, in twenty-three, in ninety-seven.
SHARE, FEWEST = 0.5, 2


def is_card(value: str) -> bool:
    return bool(CARD.fullmatch(value)) and luhn.is_valid(value)


def is_iban(value: str) -> bool:
    return bool(IBAN_LIKE.fullmatch(value)) and iban.is_valid(value)


def is_national_number(value: str) -> bool:
    """Numbers of people whose form and check digits leave little to chance; `value` without blanks and marks."""
    if value.isdecimal():
        checks = {15: (nir,), 13: (ahv,), 11: (nn,)}.get(len(value), ())
        return any(check.is_valid(value) for check in checks)
    if len(value) == 9 and (NINO.fullmatch(value) or dni.is_valid(value) or nie.is_valid(value)):
        return True
    return (len(value) == 16 and codicefiscale.is_valid(value)) or (len(value) == 15 and nir.is_valid(value))


# Forms that customers' numbers have, too: they count only where the name says what they are.
HINTED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"\b(bsn|burgerservice\w*|sofi\w*)\b"), bsn.is_valid),
    (re.compile(r"\b(steuer\w*|idnr|tax id)\b"), idnr.is_valid),
    (re.compile(r"\bpesel\b"), pesel.is_valid),
    (re.compile(r"\b(ssn|social security\w*)\b"), ssn.is_valid),
)


def sensitive_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """The columns that look sensitive, and as what: a key of `SENSITIVE_DETAILS`. What the values say weighs more."""
    found = {}
    for number, column in enumerate(columns):
        code = kind_by_values(column, column_values(rows, number)) or kind_by_name(column)
        if code:
            found[column] = code
    return found


def kind_by_name(column: str) -> str:
    for name in dict.fromkeys((plain_name(column), spaced_name(column))):
        words = f" {name} "
        for code, phrases in NAME_PHRASES.items():
            if code == "card_number" and LOYALTY.search(name):
                continue
            if name in phrases.whole or any(phrase in words for phrase in phrases.inside):
                return code
    return ""


def kind_by_values(column: str, values: Sequence[str]) -> str:
    compact = [re.sub(r"[\s.\-/]", "", value).upper() for value in values]
    hinted = [check for name, check in HINTED if name.search(plain_name(column))]
    if is_most(compact, is_iban, fewest=1):
        return "iban"
    if is_most(compact, is_card):
        return "card_number_found"
    if is_most(compact, is_national_number) or any(is_most(compact, check) for check in hinted):
        return "national_id_found"
    return kind_by_one_value(set(compact))


def kind_by_one_value(values: set[str]) -> str:
    """A column of one value alone may be right by chance: it stops the import, too, but a written reason clears it."""
    if len(values) != 1:
        return ""
    if is_most([*values], is_card, fewest=1):
        return "card_number"
    return "national_id" if is_most([*values], is_national_number, fewest=1) else ""


def is_most(values: Sequence[str], check: Callable[[str], bool], *, fewest: int = FEWEST) -> bool:
    """Do enough of the values pass? Counted once each: a value that repeats proves nothing more."""
    distinct = set(values)
    hits = sum(1 for value in distinct if len(value) > 8 and check(value))
    return hits >= fewest and hits >= SHARE * len(distinct)


class Phrases:
    """The names of one kind: those that must be the whole name, and those that may stand in one."""

    def __init__(self, listed: str) -> None:
        names = [name.strip() for name in listed.split(",")]
        self.whole = frozenset(name[1:] for name in names if name.startswith("="))
        self.inside = tuple(f" {name} " for name in names if not name.startswith("="))


NAME_PHRASES = {code: Phrases(listed) for code, listed in SENSITIVE_NAMES.items()}


def can_be_cleared(code: str) -> bool:
    """May a written reason let a column of this kind pass?"""
    return code not in UNCLEARABLE


def sensitive_problems(
    mapping: Mapping[str, str | None], sensitive: Mapping[str, str], cleared: Mapping[str, str]
) -> list[FieldProblem]:
    """Sensitive columns that are mapped and not cleared by a written reason: `special_category`, in words."""
    return [
        FieldProblem(("options", "mapping", column), "special_category", SENSITIVE_DETAILS[code])
        for column, code in sensitive.items()
        if mapping.get(column) and not (can_be_cleared(code) and cleared.get(column, "").strip())
    ]
