"""What a set of verdicts means for a sample. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.imports.models import Verdict

LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Check:
    """What somebody found out about the proof of one row; ``row`` is its line in the file."""

    row: int
    verdict: str
    note: str = ""


def read_checks(checked: Sequence[Mapping[str, Any]], drawn: Collection[int]) -> tuple[list[Check], list[FieldProblem]]:
    """The verdicts as they were sent, and what is wrong with them; ``drawn``: the lines of the sample."""
    checks, problems = [], []
    for number, each in enumerate(checked):
        row: Any = each.get("row")
        verdict, note = each.get("verdict"), each.get("note") or ""
        if row not in drawn:
            problems.append(problem(number, "row", "unknown_row", _("This row is not in the sample.")))
        elif verdict not in Verdict.values:
            problems.append(problem(number, "verdict", "invalid_value", _("The verdict is proven or unproven.")))
        elif not isinstance(note, str) or len(note) > LONGEST_NOTE or "\x00" in note:
            problems.append(problem(number, "note", "invalid_value", _("A note has at most 2,000 characters.")))
        else:
            checks.append(Check(int(row), str(verdict), note.strip()))
    return checks, problems


def problem(number: int, name: str, code: str, detail: Any) -> FieldProblem:
    return FieldProblem(("checked", number, name), code, detail)
