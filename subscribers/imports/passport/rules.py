"""What must be known before a file may be imported, and how its origin decides where it ends (I-01 to I-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.contacts.models import Origin
from subscribers.contacts.values import EARLIEST

ORIGINS = (Origin.OWN_FORM, Origin.OWN_SALE, Origin.PARTNER, Origin.BOUGHT, Origin.PUBLIC, Origin.MIGRATION)
# Somebody else collected these: their proofs are sampled before anybody is written to.
QUARANTINED_ORIGINS = (Origin.PARTNER, Origin.BOUGHT)
BASES = {
    "consent": _("Consent"),
    "soft_opt_in": _("Existing customer, similar products"),
    "legitimate_interest": _("Legitimate interest"),
    "contract": _("Contract"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Where a file comes from and what it is said to prove."""

    origin_kind: str = ""
    origin_name: str = ""
    collected_by: str = ""
    collected_on: date | None = None
    basis: str = ""
    consents: Sequence[dict[str, str]] = field(default_factory=tuple)
    evidence_note: str = ""
    occurred_at: datetime | None = None
    partners: str = ""
    collection_point: str = ""
    notice_language: str = ""


def declaration_problems(
    declaration: Declaration, *, dated_rows: bool, now: datetime, today: date
) -> list[FieldProblem]:
    """What is missing or impossible in a declaration; `dated_rows`: a column holds the date of each consent."""
    problems = [
        problem(loc, "required", _("Say where these people come from: it is asked for every import."))
        for loc, value in (
            (("origin", "kind"), declaration.origin_kind),
            (("origin", "name"), declaration.origin_name.strip()),
            (("origin", "collected_by"), declaration.collected_by.strip()),
        )
        if not value
    ]
    if declaration.origin_kind and declaration.origin_kind not in ORIGINS:
        problems.append(problem(("origin", "kind"), "invalid_value", _("This is not one of the origins.")))
    if declaration.basis not in BASES:
        problems.append(
            problem(("basis",), "invalid_value", _("Choose the legal basis: it is asked for every import."))
        )
    if declaration.collected_on and declaration.collected_on > today:
        problems.append(problem(("origin", "collected_on"), "future_date", _("This day lies in the future.")))
    if declaration.collected_on and declaration.collected_on < EARLIEST.date():
        problems.append(problem(("origin", "collected_on"), "invalid_date", _("This day is before 1900.")))
    if declaration.occurred_at and declaration.occurred_at < EARLIEST:
        problems.append(problem(("occurred_at",), "invalid_date", _("This moment is before 1900.")))
    if declaration.occurred_at and declaration.occurred_at > now:
        problems.append(problem(("occurred_at",), "future_date", _("This moment lies in the future.")))
    if declaration.consents:
        problems += claim_without_proof(declaration, dated_rows=dated_rows)
    return problems


def claim_without_proof(declaration: Declaration, *, dated_rows: bool) -> list[FieldProblem]:
    problems = []
    if not declaration.evidence_note.strip():
        text = _("Consents are claimed: describe the proof you hold.")
        problems.append(problem(("evidence_note",), "evidence_required", text))
    if not (dated_rows or declaration.occurred_at or declaration.collected_on):
        text = _("Consents are claimed: give the day they were collected, or map a column that holds it.")
        problems.append(problem(("origin", "collected_on"), "collection_date_required", text))
    return problems


def problem(loc: tuple[str | int, ...], code: str, detail: object) -> FieldProblem:
    return FieldProblem(("options", *loc), code, detail)  # type: ignore[arg-type]


def is_quarantined(origin_kind: str) -> bool:
    """Does an import of this origin end in quarantine until a sample of its proofs is checked?"""
    return origin_kind in QUARANTINED_ORIGINS
