"""Which column holds what: guessed from names in several languages and from the values, corrected by people."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.contacts.normalising import E164, PHONE_MARKS
from subscribers.imports.naming import KNOWN_NAMES, plain_name
from subscribers.imports.problems import NoIdentityColumnError

IDENTITIES = ("email", "phone", "external_id")
# Addresses that another tool keeps as hashes only: enough to suppress them, and nothing else.
HASHES = ("suppression.sha256", "suppression.md5")
TARGETS = (
    *IDENTITIES, "first_name", "last_name", "language", "country", "tags", "consent.occurred_at", "consent.ip",
    "consent.status", "consent.withdrawn_at", "consent.form_url", "consent.text", "consent.purpose", "consent.channel",
    *HASHES,
)  # fmt: skip
# Tools keep what a person said in several columns, one a channel or one a kind of mishap.
REPEATABLE = frozenset(("consent.status",))
LOOKS_LIKE_EMAIL = re.compile(r"^\s*[^@\s]+@[^@\s]+\.[^@\s]{2,}\s*$")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file seems to hold: a target or None for each column, what of it is unsure, and the tool it came from.

    ``doubts`` are codes, ``mapping:<column>``.
    """

    mapping: dict[str, str | None]
    doubts: list[str]
    preset: str = ""


def guess_mapping(
    columns: Sequence[str], rows: Sequence[Sequence[str]], fields: Mapping[str, str], file_name: str = ""
) -> Guess:
    """A target or None for each column; `fields` are the declared ones, key -> label. No target is given twice.

    Declared fields win over built-in names: whoever declares a field `mobile` wants the column `mobile` there.
    """
    declared = {plain_name(text): f"attributes.{key}" for key, label in fields.items() for text in (label, key)}
    mapping: dict[str, str | None] = dict.fromkeys(columns)
    taken: set[str] = set()
    for column in columns:
        name = plain_name(column)
        target = declared.get(name) or declared.get(plain_name(column.removeprefix("attributes.")))
        target = target or KNOWN_NAMES.get(name) or (column if column in TARGETS else None)
        if target and target not in taken:
            mapping[column] = target
            taken.add(target)
    for target, test in (("email", is_email), ("phone", is_international_phone)):
        if target not in taken:
            guess = column_of_values(columns, rows, mapping, test)
            if guess:
                mapping[guess] = target
    return Guess(mapping, [])


def column_of_values(columns: Sequence[str], rows: Sequence[Sequence[str]], mapping: Mapping[str, str | None], test):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The first free column most of whose values pass a test."""
    for number, column in enumerate(columns):
        values = [row[number] for row in rows if len(row) > number and row[number].strip()]
        if mapping[column] is None and values and sum(map(test, values)) > len(values) * 0.6:
            return column
    return None


def is_email(value: str) -> bool:
    return bool(LOOKS_LIKE_EMAIL.match(value))


def is_international_phone(value: str) -> bool:
    return bool(E164(value.translate(PHONE_MARKS)))


def mapping_problems(
    mapping: Mapping[str, str | None], columns: Iterable[str], field_keys: Iterable[str]
) -> list[FieldProblem]:
    """What is wrong with a mapping somebody wrote: unknown columns, unknown targets, a target given twice."""
    known, allowed = set(columns), {*TARGETS, *(f"attributes.{key}" for key in field_keys)}
    problems: list[FieldProblem] = []
    taken: set[str] = set()
    for column, target in mapping.items():
        loc = ("options", "mapping", column)
        if column not in known:
            problems.append(FieldProblem(loc, "unknown_column", _("The file has no column of this name.")))
        elif target is not None and target not in allowed:
            problems.append(FieldProblem(loc, "unknown_target", _("There is no field of this name. Declare it first.")))
        elif target is not None and target in taken and target not in REPEATABLE:
            problems.append(FieldProblem(loc, "target_taken", _("Another column is mapped to this field already.")))
        taken.add(target or "")
    return problems


def require_identity(mapping: Mapping[str, str | None]) -> None:
    """NoIdentityColumnError unless somebody can be recognised by a mapped column."""
    if not any(target in IDENTITIES or target in HASHES for target in mapping.values()):
        raise NoIdentityColumnError


def dropped_columns(mapping: Mapping[str, str | None], columns: Iterable[str]) -> list[str]:
    """The columns that map to nothing: dropped, and listed (I-10)."""
    return [column for column in columns if mapping.get(column) is None]
