"""Which column holds what: the targets there are, and what is wrong with a mapping; `guessing` proposes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.imports.columns.guessing import Guess, guess_mapping
from subscribers.imports.columns.naming import KNOWN_NAMES, plain_name
from subscribers.imports.columns.targets import HASHES, IDENTITIES, REPEATABLE, TARGETS
from subscribers.imports.problems import NoIdentityColumnError

__all__ = [
    "HASHES", "IDENTITIES", "KNOWN_NAMES", "REPEATABLE", "TARGETS", "Guess", "dropped_columns", "guess_mapping",
    "mapping_problems", "plain_name", "require_identity",
]  # fmt: skip

MOST_LISTED = 50


def mapping_problems(
    mapping: Mapping[str, str | None], columns: Iterable[str], field_keys: Iterable[str]
) -> list[FieldProblem]:
    """What is wrong with a mapping somebody wrote: unknown columns, unknown targets, a target given twice."""
    known, allowed = list(columns), {*TARGETS, *(f"attributes.{key}" for key in field_keys)}
    problems: list[FieldProblem] = []
    taken: set[str] = set()
    for column, target in mapping.items():
        loc = ("options", "mapping", column)
        if column not in known:
            told = _("The file has no column of this name. It has: %(columns)s.") % {"columns": listed(known)}
            problems.append(FieldProblem(loc, "unknown_column", told))
        elif target is not None and target not in allowed:
            problems.append(FieldProblem(loc, "unknown_target", _("There is no field of this name. Declare it first.")))
        elif target is not None and target in taken and target not in REPEATABLE:
            problems.append(FieldProblem(loc, "target_taken", _("Another column is mapped to this field already.")))
        taken.add(target or "")
    return problems


def listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:MOST_LISTED]) + ("…" if len(columns) > MOST_LISTED else "")


def require_identity(mapping: Mapping[str, str | None]) -> None:
    """NoIdentityColumnError unless somebody can be recognised by a mapped column."""
    if not any(target in IDENTITIES or target in HASHES for target in mapping.values()):
        raise NoIdentityColumnError


def dropped_columns(mapping: Mapping[str, str | None], columns: Iterable[str]) -> list[str]:
    """The columns that map to nothing: dropped, and listed (I-10)."""
    return [column for column in columns if mapping.get(column) is None]
